//! The accounts of the demo city, whose password is known to everyone.

pub const ROLES: [&str; 4] = ["customer", "courier", "manager", "admin"];
pub const PASSWORD: &str = "wayfare-demo-1";

pub fn account(role: &str) -> String {
    format!("{role}@wayfare.example")
}
