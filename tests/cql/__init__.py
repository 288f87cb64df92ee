"""The exported rules in engines by others (issue: computable rules)."""
