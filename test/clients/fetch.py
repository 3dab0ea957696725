# Reads ten rows, waits for a line of its input, and tells what the next ten meet.
import sys

import psycopg

connection = psycopg.connect("", prepare_threshold=None)
cursor = connection.cursor("c")
cursor.execute("SELECT id FROM orders")
print(len(cursor.fetchmany(10)), flush=True)
sys.stdin.readline()
try:
    print(len(cursor.fetchmany(10)))
except psycopg.Error as error:
    print(error.sqlstate, error.diag.message_primary)
