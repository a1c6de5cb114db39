"""The Faust shell's own ground: lanes, positions, snapshots, topics."""
