"""Speed, as ratios to a floor measured in the same run (docs/performance.md). Nothing here runs in the tests."""
