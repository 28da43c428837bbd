//! A form without files, as browsers send it by default: `application/x-www-form-urlencoded`. Which texts stand for
//! numbers, booleans and nothing is up to each language's binding (checklist B20).

use bytes::Bytes;

use super::url::encode_form;

/// Names and values in the order in which they were added; a name may come more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

impl Form {
    /// What the request's Content-Type says about such a body.
    pub const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";

    /// Puts a field at the end.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.pairs.push((name.into(), value.into()));
    }

    /// True if there are no fields: such a form counts as not given (checklist B22).
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The fields in their order, such as for a multipart body that has files too.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The body: `a=1&b=x+y`. Letters, digits and `-._~` stay, a space is `+`, all else is `%XX` of its UTF-8.
    pub fn encode(&self) -> Bytes {
        let mut body = String::with_capacity(self.pairs.iter().map(|(name, value)| name.len() + value.len() + 2).sum());
        for (index, (name, value)) in self.pairs.iter().enumerate() {
            if index > 0 {
                body.push('&');
            }
            encode_form(&mut body, name);
            body.push('=');
            encode_form(&mut body, value);
        }
        Bytes::from(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(pairs: &[(&str, &str)]) -> Bytes {
        let mut form = Form::default();
        for &(name, value) in pairs {
            form.push(name, value);
        }
        form.encode()
    }

    #[test]
    fn b20_fields_keep_their_order_and_a_name_may_repeat() {
        assert_eq!(encoded(&[("b", "1"), ("a", "2"), ("b", "3")]), "b=1&a=2&b=3");
    }

    #[test]
    fn b20_a_space_is_a_plus_and_only_unreserved_characters_stay() {
        assert_eq!(encoded(&[("a b", "~-._*/+%&=é\r\n")]), "a+b=~-._%2A%2F%2B%25%26%3D%C3%A9%0D%0A");
    }

    #[test]
    fn b20_an_empty_value_keeps_its_equals_sign() {
        assert_eq!(encoded(&[("c", ""), ("", "")]), "c=&=");
    }

    #[test]
    fn b22_only_a_form_without_fields_is_empty() {
        let mut form = Form::default();
        assert!(form.is_empty() && form.encode().is_empty());
        form.push("", "");
        assert!(!form.is_empty());
        assert_eq!(form.encode(), "=");
        assert!(form.iter().eq([("", "")]));
    }
}
