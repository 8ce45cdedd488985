"""What can be seen of a face: where its parts are, where its eyes point, what its muscles do, and whether it can be read."""
