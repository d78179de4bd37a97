"""The parts of a report, each from the examined case to a `Section`, or None where there is nothing to say."""
