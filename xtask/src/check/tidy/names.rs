//! Names that say nothing: a file or a type called by them hides what it holds.

/// As a whole file or folder name. `manager` is not among them: here it is a role that people have.
const FILES: &[&str] = &[
    "common",
    "core",
    "dto",
    "dtos",
    "helper",
    "helpers",
    "mapper",
    "mappers",
    "repository",
    "repositories",
    "service",
    "services",
    "util",
    "utils",
];

/// At the end of a type's or module's name, behind something else: `OrderManager`, `order_service`.
const ENDS: &[&str] = &["dto", "helper", "helpers", "manager", "mapper", "repository", "service", "util", "utils"];

pub fn in_path(path: &str) -> Option<String> {
    let is_code = path.ends_with(".rs") || path.ends_with(".ts") || path.ends_with(".tsx");
    let stem = |part: &str| part.split('.').next().unwrap_or_default().to_lowercase();
    let word = path.split('/').map(stem).find(|part| FILES.contains(&part.as_str()))?;
    is_code.then(|| format!("`{word}` doesn't describe the content"))
}

pub fn in_source(path: &str, text: &str) -> Vec<String> {
    let named = |(index, line): (usize, &str)| {
        let name = declared(line)?;
        let end = empty_end(name)?;
        Some(format!("{path}:{}: `{name}`: what does a {end} do? Name it so", index + 1))
    };
    text.lines().enumerate().filter_map(named).collect()
}

/// The name that the line declares a type or module by.
fn declared(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    let keyword = words.next()?;
    if !["struct", "enum", "trait", "mod", "type"].contains(&keyword) {
        return None;
    }
    let end = |c: char| !c.is_alphanumeric() && c != '_';
    words.next()?.split(end).next().filter(|name| !name.is_empty())
}

fn empty_end(name: &str) -> Option<&'static str> {
    ENDS.iter().copied().find(|end| {
        let camel = format!("{}{}", end[..1].to_uppercase(), &end[1..]);
        let behind = |end: &str| name.strip_suffix(end).is_some_and(|start| !start.is_empty());
        behind(&camel) || behind(&format!("_{end}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_says_nothing_is_named() {
        assert!(in_path("api/src/utils/time.rs").is_some());
        assert!(in_path("web/src/helpers.test.ts").is_some());
        assert_eq!(in_path("k8s/base/service.yaml"), None, "Kubernetes calls it so");
        assert_eq!(in_path("api/src/orders/place.rs"), None);
    }

    #[test]
    fn a_type_that_says_nothing_is_named_and_a_role_is_not() {
        let found =
            in_source("a.rs", "pub(crate) struct OrderManager<T> {\nmod order_service;\npub struct Manager(User);\n");
        assert_eq!(
            found,
            [
                "a.rs:1: `OrderManager`: what does a manager do? Name it so",
                "a.rs:2: `order_service`: what does a service do? Name it so",
            ]
        );
        assert!(in_source("a.rs", "impl Service for X {\n    let manager = SchemaManager::new();\n").is_empty());
    }
}
