//! The parameters of a query, as HTTPX has them (checklist C25, C26): an immutable mapping from keys to lists of values,
//! in the order of the keys' first appearance. `a=1&b=2&a=3` is written `a=1&a=3&b=2`.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::url::{encode_form, lossy_decode};

/// Query parameters. Changing them gives new ones. Two are equal if they have the same pairs in any order.
#[derive(Clone, Default)]
pub struct QueryParams {
    /// No key twice; no list empty, unless the caller gave an empty one.
    entries: Vec<(String, Vec<String>)>,
}

impl QueryParams {
    /// Decodes a query without its `?`, such as `a=1&b=two+words`. A key without `=` has an empty value.
    pub fn parse(query: &str) -> QueryParams {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (decode(key), decode(value)))
            .collect()
    }

    /// The first value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.get_list(key).first().map(String::as_str)
    }

    /// All values of a key; none if it is not there.
    pub fn get_list(&self, key: &str) -> &[String] {
        self.entries.iter().find(|entry| entry.0 == key).map_or(&[], |entry| &entry.1)
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.0 == key)
    }

    /// Each key once.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.0.as_str())
    }

    /// The first value of each key.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.items().map(|(_, value)| value)
    }

    /// Each key with its first value.
    pub fn items(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().filter_map(|(key, values)| Some((key.as_str(), values.first()?.as_str())))
    }

    /// Each key with each of its values.
    pub fn multi_items(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().flat_map(|(key, values)| values.iter().map(|value| (key.as_str(), value.as_str())))
    }

    /// How many different keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// With `key` set to the one `value`.
    #[must_use]
    pub fn set(&self, key: &str, value: &str) -> QueryParams {
        let mut params = self.clone();
        *params.values_of(key) = vec![value.to_owned()];
        params
    }

    /// With one more `value` for `key`.
    #[must_use]
    pub fn add(&self, key: &str, value: &str) -> QueryParams {
        let mut params = self.clone();
        params.values_of(key).push(value.to_owned());
        params
    }

    /// Without `key`.
    #[must_use]
    pub fn remove(&self, key: &str) -> QueryParams {
        QueryParams { entries: self.entries.iter().filter(|entry| entry.0 != key).cloned().collect() }
    }

    /// With the keys of `other`: its values replace those that are here.
    #[must_use]
    pub fn merge(&self, other: &QueryParams) -> QueryParams {
        let mut params = self.clone();
        let known: HashMap<&str, usize> = self.keys().enumerate().map(|(index, key)| (key, index)).collect();
        for (key, values) in &other.entries {
            match known.get(key.as_str()) {
                Some(&index) => params.entries[index].1.clone_from(values),
                None => params.entries.push((key.clone(), values.clone())),
            }
        }
        params
    }

    fn values_of(&mut self, key: &str) -> &mut Vec<String> {
        let index = self.entries.iter().position(|entry| entry.0 == key).unwrap_or_else(|| {
            self.entries.push((key.to_owned(), Vec::new()));
            self.entries.len() - 1
        });
        &mut self.entries[index].1
    }

    fn sorted(&self) -> Vec<(&str, &str)> {
        let mut items: Vec<_> = self.multi_items().collect();
        items.sort_unstable();
        items
    }
}

fn decode(text: &str) -> String {
    lossy_decode(&text.replace('+', " ")).into_owned()
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for QueryParams {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> QueryParams {
        let mut entries: Vec<(String, Vec<String>)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (key, value) in pairs {
            let key = key.into();
            let index = known.get(&key).copied().unwrap_or(entries.len());
            if index == entries.len() {
                known.insert(key.clone(), index);
                entries.push((key, Vec::new()));
            }
            entries[index].1.push(value.into());
        }
        QueryParams { entries }
    }
}

/// As a query without its `?`, encoded like a form.
impl fmt::Display for QueryParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut query = String::new();
        for (key, value) in self.multi_items() {
            if !query.is_empty() {
                query.push('&');
            }
            encode_form(&mut query, key);
            query.push('=');
            encode_form(&mut query, value);
        }
        f.write_str(&query)
    }
}

impl fmt::Debug for QueryParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("QueryParams").field(&self.to_string()).finish()
    }
}

impl PartialEq for QueryParams {
    fn eq(&self, other: &QueryParams) -> bool {
        self.sorted() == other.sorted()
    }
}

impl Eq for QueryParams {}

impl Hash for QueryParams {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sorted().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn params(query: &str) -> QueryParams {
        QueryParams::parse(query)
    }

    #[test]
    fn c25_a_query_is_decoded_and_its_keys_are_grouped() {
        let params = params("a=123&b=789&a=456");
        assert_eq!(params.to_string(), "a=123&a=456&b=789");
        assert!(params.multi_items().eq([("a", "123"), ("a", "456"), ("b", "789")]));
        assert!(params.items().eq([("a", "123"), ("b", "789")]));
        assert!(params.keys().eq(["a", "b"]) && params.values().eq(["123", "789"]));
        assert_eq!(params.len(), 2);
        assert_eq!((params.get("a"), params.get("A")), (Some("123"), None));
        assert_eq!(params.get_list("a"), ["123", "456"]);
        assert!(params.get_list("c").is_empty());
        assert!(params.contains_key("b") && !params.contains_key("c"));
        assert_eq!(format!("{params:?}"), "QueryParams(\"a=123&a=456&b=789\")");
    }

    #[test]
    fn c25_blank_values_stay_and_only_ampersands_separate() {
        assert_eq!(params("a").to_string(), "a=");
        assert_eq!(params("a=&&b").to_string(), "a=&b=");
        assert_eq!(params("a=1;b=2").to_string(), "a=1%3Bb%3D2");
        assert_eq!(params("a=1=2").get("a"), Some("1=2"));
        assert_eq!(params("=x").get(""), Some("x"));
        assert_eq!(params("a=b+c%2B%20%C3%A9%ff").get("a"), Some("b c+ é\u{fffd}"));
        assert!(params("").is_empty());
    }

    #[test]
    fn c25_it_is_written_like_a_form() {
        let params: QueryParams = [("k y", "~*-._'/%20é")].into_iter().collect();
        assert_eq!(params.to_string(), "k+y=~%2A-._%27%2F%2520%C3%A9");
    }

    #[test]
    fn c26_changes_give_new_parameters() {
        let params = params("a=123&b=x&a=456");
        assert_eq!(params.set("a", "1").to_string(), "a=1&b=x");
        assert_eq!(params.set("c", "1").to_string(), "a=123&a=456&b=x&c=1");
        assert_eq!(params.add("b", "1").to_string(), "a=123&a=456&b=x&b=1");
        assert_eq!(params.add("c", "1").to_string(), "a=123&a=456&b=x&c=1");
        assert_eq!(params.remove("a").to_string(), "b=x");
        assert_eq!(params.remove("c"), params);
        assert_eq!(params.merge(&super::tests::params("c=1&a=0")).to_string(), "a=0&b=x&c=1");
        assert_eq!(params.to_string(), "a=123&a=456&b=x");
    }

    #[test]
    fn c26_the_order_does_not_matter_for_equality() {
        assert_eq!(params("a=1&b=2"), params("b=2&a=1"));
        assert_ne!(params("a=1&a=2"), params("a=1"));
        assert_ne!(params("?a=1"), params("a=1"));
        assert_eq!(params("?a=1").get("?a"), Some("1"));
        assert_eq!(HashSet::from([params("a=1&b=2"), params("b=2&a=1"), params("a=1")]).len(), 2);
    }

    #[test]
    fn a_query_of_thirty_thousand_keys_keeps_them_all() {
        let query: String = (0..30_000).map(|number| format!("{number}&")).collect();
        let params = params(&query);
        assert_eq!(params.len(), 30_000);
        assert_eq!(params.merge(&params).len(), 30_000);
    }
}
