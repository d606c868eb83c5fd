"""`/v1/videos`: clips in the shape that clients of a hosted video API speak already."""
