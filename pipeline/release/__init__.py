"""From judged clips to a version on disk: which shard holds what, Parquet files, ledger and manifest."""
