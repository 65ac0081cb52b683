// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Length of data under FastLZ (level 1), without making the compressed bytes.
/// @dev The same count as op-geth's FlzCompressLen and kona's: consensus prices a transaction's L1 data by it.
library FastLz {
    uint256 private constant HASH_SLOTS = 8192;

    /// @param data Bytes to measure.
    /// @return size Bytes that FastLZ would make of it.
    function compressedLength(bytes memory data) internal pure returns (uint256 size) {
        uint256 length = data.length;
        // Positions by hash, 4 bytes each.
        bytes memory table = new bytes(HASH_SLOTS * 4 + 28);
        uint256 anchor = 0;
        uint256 limit = length < 13 ? 0 : length - 13;
        uint256 position = 2;
        while (position < limit) {
            uint256 distance;
            uint256 candidate;
            (position, candidate, distance) = _findMatch(data, table, position, limit);
            if (position >= limit) break;
            position--;
            if (position > anchor) size += _literals(position - anchor);
            uint256 matched = _compare(data, candidate + 3, position + 3, limit + 9);
            size += _match(matched);
            position = _remember(data, table, position + matched);
            position = _remember(data, table, position);
            anchor = position;
        }
        size += _literals(length - anchor);
    }

    /// @dev Walks on until three bytes repeat within the window, or to the limit; the position comes back one past the start.
    function _findMatch(bytes memory data, bytes memory table, uint256 position, uint256 limit)
        private
        pure
        returns (uint256 next, uint256 candidate, uint256 distance)
    {
        while (true) {
            uint256 sequence = _u24(data, position);
            candidate = _exchange(table, _hash(sequence), position);
            distance = position - candidate;
            if (position >= limit) return (position, candidate, distance);
            position++;
            if (distance <= 0x1fff && sequence == _u24(data, candidate)) {
                return (position, candidate, distance);
            }
        }
    }

    function _literals(uint256 run) private pure returns (uint256 size) {
        size = 33 * (run / 32);
        run %= 32;
        if (run != 0) size += run + 1;
    }

    function _match(uint256 length) private pure returns (uint256 size) {
        length--;
        size = 3 * (length / 262) + (length % 262 >= 6 ? 3 : 2);
    }

    /// @dev Counts equal bytes; the byte that differs is counted too, as the reference does.
    function _compare(bytes memory data, uint256 left, uint256 right, uint256 end)
        private
        pure
        returns (uint256 count)
    {
        uint256 room = end - right;
        while (count < room) {
            bool same = data[left + count] == data[right + count];
            count++;
            if (!same) break;
        }
    }

    function _remember(bytes memory data, bytes memory table, uint256 position)
        private
        pure
        returns (uint256)
    {
        _exchange(table, _hash(_u24(data, position)), position);
        return position + 1;
    }

    function _hash(uint256 sequence) private pure returns (uint256) {
        return ((2654435769 * sequence) >> 19) & 0x1fff;
    }

    /// @dev Little endian.
    function _u24(bytes memory data, uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            let word := mload(add(add(data, 32), position))
            value := or(or(byte(0, word), shl(8, byte(1, word))), shl(16, byte(2, word)))
        }
    }

    function _exchange(bytes memory table, uint256 slot, uint256 value)
        private
        pure
        returns (uint256 previous)
    {
        assembly ("memory-safe") {
            let pointer := add(add(table, 32), shl(2, slot))
            let word := mload(pointer)
            previous := shr(224, word)
            mstore(pointer, or(shl(224, value), and(word, sub(shl(224, 1), 1))))
        }
    }
}
