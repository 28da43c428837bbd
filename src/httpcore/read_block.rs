//! The blocks that connections read into. A connection has one only while there is something in it: each thread keeps
//! one for whichever reads next, so that what is idle, or waits, costs little memory, and a read no allocation.

use std::cell::Cell;

use bytes::BytesMut;

/// What a block has: most heads fit.
pub(super) const BLOCK: usize = 8_192;

thread_local! {
    static SPARE: Cell<Option<BytesMut>> = const { Cell::new(None) };
}

/// A block to read into; an empty one if there is none to spare.
pub(super) fn take() -> BytesMut {
    SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
}

/// Takes a block back that nothing is left in. One that is larger, or in which somebody still has a piece, goes.
pub(super) fn give_back(mut block: BytesMut) {
    if (block.capacity() >= BLOCK || block.try_reclaim(BLOCK)) && block.capacity() <= 2 * BLOCK {
        let _ = SPARE.try_with(|spare| spare.set(Some(block)));
    }
}

#[cfg(test)]
mod tests {
    use bytes::Buf;

    use super::*;

    #[test]
    fn a_block_is_kept_unless_it_is_large_or_somebody_has_a_piece_of_it() {
        let mut block = BytesMut::with_capacity(BLOCK);
        block.resize(BLOCK, 0);
        block.advance(BLOCK);
        let place = block.spare_capacity_mut().as_ptr();
        give_back(block);
        let mut block = take();
        assert!(block.capacity() >= BLOCK && block.spare_capacity_mut().as_ptr().wrapping_add(BLOCK) == place);
        block.resize(BLOCK, 0);
        let piece = block.split_to(BLOCK);
        give_back(block);
        give_back(BytesMut::with_capacity(2 * BLOCK + 1));
        assert_eq!((take().capacity(), piece.len()), (0, BLOCK));
    }
}
