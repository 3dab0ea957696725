-- For tests of many statements: table stage.attempts, and what becomes of each, undone again.
\set ECHO none
SET client_min_messages = warning;
CREATE TABLE stage.attempts (n int GENERATED ALWAYS AS IDENTITY, statement text);
GRANT SELECT ON stage.attempts TO PUBLIC;
CREATE FUNCTION stage.outcome(statement text) RETURNS text LANGUAGE plpgsql SET client_min_messages = error AS $$
DECLARE
    message text;
    detail text;
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'PT000';
EXCEPTION WHEN SQLSTATE 'PT000' THEN
    RETURN 'runs';
WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN coalesce('needs ' || (SELECT string_agg(m[1], ', ') FROM regexp_matches(detail, '\((.*)\) needs? [^()]*approval', 'gn') AS m), message);
END;
$$;
CREATE FUNCTION stage.outcomes(OUT statement text, OUT outcome text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    FOR statement IN SELECT a.statement FROM stage.attempts a ORDER BY n LOOP
        outcome := stage.outcome(statement);
        RETURN NEXT;
    END LOOP;
END;
$$;
RESET client_min_messages;
\set ECHO all
