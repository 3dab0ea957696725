-- Profiles are dumped as other definitions. What their trigger does comes with the functions.
CREATE FUNCTION warrant_internal.restore_profile() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER restore BEFORE INSERT ON warrant.profiles FOR EACH ROW EXECUTE FUNCTION warrant_internal.restore_profile();
ALTER TABLE warrant.profiles ENABLE ALWAYS TRIGGER restore;
SELECT pg_catalog.pg_extension_config_dump('warrant.profiles', '');
