//! As much of DER (X.690) as it takes to tell one element from the next.

/// The tag.
pub(super) const SEQUENCE: u8 = 0x30;

/// The first of several SEQUENCEs in DER, and the rest.
pub(super) fn split_sequence(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (tag, _, rest) = element(der)?;
    (tag == SEQUENCE).then(|| der.split_at(der.len() - rest.len()))
}

/// What is in a SEQUENCE, whatever follows it.
pub(super) fn content(der: &[u8]) -> Option<&[u8]> {
    element(der).filter(|(tag, ..)| *tag == SEQUENCE).map(|(_, content, _)| content)
}

/// The first of several elements: its tag, its content, and what follows it.
pub(super) fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, &first) = (der.first()?, der.get(1)?);
    let (start, len) = match first {
        0..=0x7f => (2, usize::from(first)),
        // X.690 §8.1.3.5: the number of bytes that say the length.
        0x81..=0x84 => {
            let bytes = der.get(2..2 + usize::from(first & 0x7f))?;
            (2 + bytes.len(), bytes.iter().fold(0, |len, byte| (len << 8) | usize::from(*byte)))
        }
        _ => return None,
    };
    let end = start.checked_add(len)?;
    Some((tag, der.get(start..end)?, &der[end..]))
}

/// A SEQUENCE of that content.
pub(super) fn sequence(content: &[u8]) -> Vec<u8> {
    let len = content.len().to_be_bytes();
    let digits = &len[len.iter().take_while(|byte| **byte == 0).count()..];
    let mut der = vec![SEQUENCE];
    match digits {
        [] => der.push(0),
        [short @ 0..=0x7f] => der.push(*short),
        long => {
            der.push(0x80 | long.len() as u8);
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(content);
    der
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_split_by_their_lengths() {
        assert_eq!(split_sequence(&[0x30, 1, 9, 0x30, 0]), Some((&[0x30, 1, 9][..], &[0x30, 0][..])));
        let mut long = vec![0x30, 0x82, 0x01, 0x00];
        long.resize(4 + 256, 7);
        assert_eq!(split_sequence(&long), Some((&long[..], &[][..])));
        for wrong in [&[][..], &[0x30], &[0x30, 2, 1], &[0x31, 0], &[0x30, 0x80], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]]
        {
            assert_eq!(split_sequence(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_sequence_has_the_content_that_it_was_made_of() {
        for len in [0, 1, 127, 128, 255, 256, 70_000] {
            let made = sequence(&vec![5; len]);
            assert_eq!(content(&made), Some(&vec![5; len][..]));
            assert_eq!(split_sequence(&made), Some((&made[..], &[][..])));
        }
        assert_eq!(sequence(&[7; 200])[..3], [0x30, 0x81, 200]);
    }
}
