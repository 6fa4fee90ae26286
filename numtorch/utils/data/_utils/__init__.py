"""What DataLoader is made of: fetching, collating, worker processes and their messages."""

MP_STATUS_CHECK_INTERVAL = 5.0  # seconds between looks at whether the other side is alive
