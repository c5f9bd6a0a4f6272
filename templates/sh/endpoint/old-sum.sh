# The checksum that a file must still have when it is replaced.
old_sum() { if [ "$fetched" = ok ]; then "$SUM" <old; else echo absent; fi; }
