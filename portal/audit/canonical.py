"""What is sealed of an event: every column of its row, as one line that PostgreSQL writes and anybody can hash."""

CANONICAL = """json_build_object(
    'id', event.id,
    'happened_at', to_char(event.happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'name', event.name,
    'subject', json_build_array(event.subject_type, event.subject_code),
    'organization', event.organization_id,
    'actor', event.actor_id,
    'request_id', event.request_id,
    'details', event.details
)::text"""

UNSEALED = f"""SELECT event.id, coalesce(organization.code, %(platform)s), {CANONICAL}
FROM portal_event event
LEFT JOIN portal_organization organization ON organization.id = event.organization_id
WHERE event.id > %(after)s
AND NOT EXISTS (SELECT FROM portal_seal seal WHERE seal.event_id = event.id)
ORDER BY event.id LIMIT %(limit)s
"""

LINKS = f"""SELECT seal.chain, seal.position, seal.previous, seal.digest, seal.event_id,
    CASE WHEN event.id IS NOT NULL THEN {CANONICAL} END
FROM portal_seal seal LEFT JOIN portal_event event ON event.id = seal.event_id
{{where}}
ORDER BY seal.chain, seal.position
"""
