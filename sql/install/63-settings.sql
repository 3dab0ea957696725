-- Changes of settings, as rows of the log.

-- Leaves a row for a change of one of the gate's settings, unless the log knows the value already.
CREATE FUNCTION warrant_internal.note_setting(setting text, now text, at timestamptz) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    gate CONSTANT text := 'pg_warrant.enforcement';
    was text := (SELECT k.value FROM warrant.known_settings k WHERE k.name = setting);
BEGIN
    IF was = now THEN
        RETURN;
    END IF;
    UPDATE warrant.known_settings k SET value = now WHERE k.name = setting;
    IF NOT FOUND THEN
        INSERT INTO warrant.known_settings VALUES (setting, now);
    END IF;
    IF was IS NOT NULL OR (setting = gate AND now <> 'enforce') THEN
        PERFORM warrant_internal.seal(CASE WHEN setting <> gate THEN 'config_changed' WHEN now = 'enforce' THEN 'gate_on' ELSE 'gate_off' END, '{}',
            jsonb_build_object('comment', CASE setting WHEN 'pg_warrant.secret_file' THEN setting || ' is another'
            ELSE format('%s: "%s", was "%s"', setting, now, coalesce(was, 'enforce')) END), jsonb_build_object('occurred_at', at));
    END IF;
END;
$$;

-- Leaves a row for each setting of the gate whose value is not the one that the log knows, and for each value that was in force in between. A new
-- log begins with the values that it finds, and has rows of them only where the gate is not on. changes has what was changed since the last call, of
-- text settings without the value. It also has the values that the server has now of all others, whatever the recorder itself has read so far.
CREATE FUNCTION warrant_internal.note_settings(changes jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN SELECT c.name, c.value, c.at FROM jsonb_to_recordset(changes) AS c (name text, value text, at timestamptz, last boolean)
                    WHERE NOT c.last ORDER BY c.at LOOP
        IF changed.value IS NOT NULL THEN
            PERFORM warrant_internal.note_setting(changed.name, changed.value, changed.at);
        ELSE
            PERFORM warrant_internal.seal('config_changed', '{}', jsonb_build_object('comment', changed.name || ' was another for a while'),
                                 jsonb_build_object('occurred_at', changed.at));
        END IF;
    END LOOP;
    FOR changed IN SELECT s.name, coalesce(c.value, s.setting) AS value, c.at
                     FROM pg_settings s LEFT JOIN jsonb_to_recordset(changes) AS c (name text, value text, at timestamptz, last boolean) ON c.name = s.name AND c.last
                    WHERE s.name LIKE 'pg\_warrant.%' AND s.context IN ('sighup', 'postmaster') ORDER BY s.name LOOP
        PERFORM warrant_internal.note_setting(changed.name, changed.value, changed.at);
    END LOOP;
END;
$$;
