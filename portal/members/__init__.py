"""Who belongs to which organisation, in which role, until when: invited, granted, reviewed, ended."""
