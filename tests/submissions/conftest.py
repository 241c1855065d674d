"""Nothing below is a test of ours: learners' programs, and files that attack test tools."""

collect_ignore_glob = ["*"]
