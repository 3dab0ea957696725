-- Webhooks: added, dropped, enabled.

-- What a URL may look like: https, or http to this machine; no user name or password, which would stand in a table. Without backslashes, which
-- would mean something else to a caller without standard_conforming_strings.
CREATE FUNCTION warrant_internal.check_webhook_url(url text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF url !~ '^https://[^/?#@[:space:]]+([/?][^#[:space:]]*)?$' AND url !~ '^http://(localhost|127[.][0-9.]+|[[]::1[]])(:[0-9]+)?([/?][^#[:space:]]*)?$' THEN
        RAISE EXCEPTION 'invalid webhook url' USING ERRCODE = 'invalid_parameter_value',
            DETAIL = 'It must begin with https:// and have neither user name nor fragment; http:// only leads to this machine.';
    END IF;
END;
$$;

-- Of a webhook that is enabled from now on.
CREATE FUNCTION warrant_internal.note_enabled(webhook text, kind text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF warrant_internal.webhook_decides(kind) THEN
        PERFORM warrant_internal.note_definition('weakened', NULL, NULL, format('webhook %s decides', webhook));
    END IF;
END;
$$;

-- Raises unless there is such a webhook, which a policy is to ask, and keeps it until the policy is there.
CREATE FUNCTION warrant_internal.check_asked(webhook text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM warrant.webhooks w WHERE w.name = webhook AND warrant_internal.webhook_decides(w.kind) FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'webhook "%" does not exist', warrant_internal.in_one_line(webhook, 128) USING ERRCODE = 'invalid_parameter_value', HINT = 'warrant.add_webhook adds it.';
    END IF;
END;
$$;

CREATE FUNCTION warrant.add_webhook(name text, url text, kind text, secret_name text, allowed_networks cidr[] DEFAULT '{}',
    ca_file text DEFAULT NULL, timeout interval DEFAULT '3 s') RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    timeout_ms double precision := extract(epoch FROM warrant_internal.in_seconds(timeout, 'timeout')) * 1000;
BEGIN
    IF num_nulls(name, url, kind, secret_name, allowed_networks, timeout) > 0 OR array_position(allowed_networks, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'only ca_file may be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF name !~ '^[A-Za-z0-9_.-]{1,48}$' OR secret_name !~ '^[A-Za-z0-9_.-]{1,128}$' THEN
        RAISE EXCEPTION 'names of webhooks and secrets have letters, digits, dots, hyphens and underscores'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = 'A webhook''s has at most 48 of them, a secret''s 128.';
    END IF;
    PERFORM warrant_internal.check_webhook_url(url);
    PERFORM warrant_internal.webhook_decides(kind);
    IF timeout_ms NOT BETWEEN 10 AND 3000 THEN
        RAISE EXCEPTION 'timeout must be between 10 ms and 3 s' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF ca_file !~ '^/' THEN
        RAISE EXCEPTION 'ca_file must be an absolute path' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO warrant.webhooks (name, url, kind, secret_name, allowed_networks, ca_file, timeout_ms)
    VALUES (name, url, kind, secret_name, allowed_networks, ca_file, timeout_ms) ON CONFLICT ON CONSTRAINT webhooks_name_key DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'webhook "%" exists already', warrant_internal.in_one_line(name, 128) USING ERRCODE = 'duplicate_object';
    END IF;
    PERFORM warrant_internal.note_definition('webhook_added', NULL, NULL, name), warrant_internal.note_enabled(name, kind);
    RETURN name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.add_webhook(text, text, text, text, cidr[], text, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.add_webhook(text, text, text, text, cidr[], text, interval) TO warrant_admin;
COMMENT ON FUNCTION warrant.add_webhook(text, text, text, text, cidr[], text, interval) IS
'Adds an HTTPS endpoint that is sent signed POSTs. kind: what it is for; decision: each request of the policies that name it, and its answer is
one vote. secret_name: of its keys in pg_warrant.secret_file. allowed_networks: loopback, private and other inner addresses that it may
lead to. ca_file: the only authorities trusted, PEM, instead of the system''s. timeout: of a call, at most 3 s. Returns the name.
Raises 22023, 42710. Audited as weakened where it decides. Effective after COMMIT.';

CREATE FUNCTION warrant.drop_webhook(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asking text;
BEGIN
    DELETE FROM warrant.webhooks w WHERE w.name = drop_webhook.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'webhook "%" does not exist', coalesce(warrant_internal.in_one_line(name, 128), 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    SELECT string_agg(format('"%s"', warrant_internal.in_one_line(p.name, 128)), ', ' ORDER BY p.name) INTO asking FROM warrant.policies p WHERE p.webhook = drop_webhook.name;
    IF asking IS NOT NULL THEN
        RAISE EXCEPTION 'webhook "%" is still asked', warrant_internal.in_one_line(name, 128) USING ERRCODE = 'dependent_objects_still_exist',
            DETAIL = format('By policies: %s.', asking);
    END IF;
    PERFORM warrant_internal.note_definition('webhook_dropped', NULL, NULL, name);
END;
$$;
REVOKE ALL ON FUNCTION warrant.drop_webhook(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.drop_webhook(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.drop_webhook(text) IS
'Removes a webhook; what waits to be sent to it is not sent. Raises P0002, and 2BP01 while a policy asks it. Effective after COMMIT.';

CREATE FUNCTION warrant.enable_webhook(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind text;
BEGIN
    UPDATE warrant.webhooks w SET enabled = true WHERE w.name = enable_webhook.name AND NOT w.enabled RETURNING w.kind INTO kind;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'webhook "%" does not exist, or is enabled', coalesce(warrant_internal.in_one_line(name, 128), 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM warrant_internal.note_definition('webhook_changed', NULL, NULL, format('%s: enabled', name)),
            warrant_internal.note_enabled(name, kind);
END;
$$;
REVOKE ALL ON FUNCTION warrant.enable_webhook(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.enable_webhook(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.enable_webhook(text) IS
'Enables a webhook that came with a copy of a database or with a dump, or whose endpoint was gone. Audited as weakened where it decides.
Raises P0002. Effective after COMMIT.';
