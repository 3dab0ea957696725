-- A publication FOR ALL TABLES refuses UPDATE of a table without a replica identity.
ALTER TABLE warrant.grant_uses REPLICA IDENTITY FULL;
ALTER TABLE warrant.identities REPLICA IDENTITY FULL;
ALTER TABLE warrant.known_settings REPLICA IDENTITY FULL;
