-- stage.lacks(statement): what the statement lacks, or 'runs' or another error's SQLSTATE. Its effects are undone.
\set ECHO none
CREATE FUNCTION stage.lacks(statement text) RETURNS text LANGUAGE plpgsql SET client_min_messages = error AS $$
DECLARE
    facts text;
BEGIN
    EXECUTE statement;
    SET CONSTRAINTS ALL IMMEDIATE;
    RAISE EXCEPTION USING ERRCODE = 'XX001';
EXCEPTION
    WHEN insufficient_privilege THEN
        GET STACKED DIAGNOSTICS facts = PG_EXCEPTION_DETAIL;
        RETURN coalesce((SELECT string_agg(m[1], ', ') FROM regexp_matches(facts, '\((.*)\)', 'gn') AS m), nullif(facts, ''), SQLERRM);
    WHEN SQLSTATE 'XX001' THEN
        RETURN 'runs';
    WHEN OTHERS THEN
        RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
\set ECHO all
