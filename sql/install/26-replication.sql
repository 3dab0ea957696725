-- What logical replication asks of tables that are updated.

-- Under a publication FOR ALL TABLES the server refuses UPDATE of a table without a replica identity, to the recorder, too.
ALTER TABLE warrant.grant_scopes REPLICA IDENTITY FULL;
ALTER TABLE warrant.recorder_state REPLICA IDENTITY FULL;
ALTER TABLE warrant.grant_uses REPLICA IDENTITY FULL;
ALTER TABLE warrant.identities REPLICA IDENTITY FULL;
ALTER TABLE warrant.known_settings REPLICA IDENTITY FULL;
