"""Functions that reach beyond the rows of a database, and that no read-only transaction stops."""

import re

# PostgreSQL: the server's settings, files, large objects and other connections, and text that is run as a query.
POSTGRESQL = """
pg_reload_conf pg_rotate_logfile pg_terminate_backend pg_cancel_backend pg_log_backend_memory_contexts
pg_read_file pg_read_binary_file pg_stat_file pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_tmpdir pg_ls_archive_statusdir
pg_current_logfile pg_file_write pg_file_sync pg_file_rename pg_file_unlink pg_file_read pg_logdir_ls
pg_switch_wal pg_create_restore_point pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup pg_promote
pg_wal_replay_pause pg_wal_replay_resume pg_create_physical_replication_slot pg_create_logical_replication_slot
pg_drop_replication_slot pg_logical_slot_get_changes pg_logical_slot_peek_changes pg_logical_emit_message
pg_advisory_lock pg_advisory_xact_lock pg_notify
lo_import lo_export lo_create lo_creat lo_open lo_close lo_get lo_put lo_from_bytea lo_unlink lo_truncate lo_truncate64
lo_lseek lo_lseek64 lo_tell lo_tell64 lo_write lo_read loread lowrite
dblink dblink_exec dblink_connect dblink_connect_u dblink_open dblink_send_query
query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml ts_stat ts_rewrite crosstab connectby
"""
# MySQL and MariaDB: files of the server, commands of well-known extensions, locks that outlive a statement.
MYSQL = "load_file outfile dumpfile sys_exec sys_eval sys_get sys_set lib_mysqludf_sys_info get_lock"
NAMES = tuple(f"{POSTGRESQL} {MYSQL}".split())
_NAMED = re.compile(rf"(?<![\w$])(?:{'|'.join(NAMES)})(?![\w$])", re.IGNORECASE | re.ASCII)
# How a name could be written otherwise: PostgreSQL's U&"\006c…", and what only MySQL runs of a comment.
_DISGUISED = re.compile(r"U&[\"']|/\*M?!", re.IGNORECASE)


def first_in(text: str) -> str:
    """Returns the first of them that a query names, or by which one could be hidden; empty if there is none."""
    found = _NAMED.search(text) or _DISGUISED.search(text)
    return found[0] if found else ""
