async fn find(tx: &Tx, name: &str) {
    // ruleid: sql-from-format
    tx.execute_unprepared(&format!("DELETE FROM shop WHERE name = '{name}'")).await;
    // ruleid: sql-from-format
    let all = Statement::from_string(backend, format!("SELECT * FROM shop WHERE name = '{name}'"));
    // ruleid: sql-from-format
    let some = Expr::cust(format!("name = '{name}'"));
    // ok: sql-from-format
    tx.execute_unprepared("SELECT pg_advisory_xact_lock(7331)").await;
    // ok: sql-from-format
    let bound = Statement::from_sql_and_values(backend, "SELECT * FROM shop WHERE name = $1", [name.into()]);
}
