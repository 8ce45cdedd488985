"""What reviewers see and do: form, players, tasks, media, and the answers that they give."""
