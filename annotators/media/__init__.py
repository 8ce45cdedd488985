"""What a file holds: ffmpeg and ffprobe as children, samples and pictures at their own times, and clips cut out."""
