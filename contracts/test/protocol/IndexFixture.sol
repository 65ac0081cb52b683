// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment, InfluenceList} from "../../src/interfaces/IInfluenceVerifier.sol";
import {OpenedRecord} from "../../src/protocol/ClaimChallenges.sol";

/// @notice A row of an index as a test wants it.
struct FixtureRow {
    uint64 contributionId;
    uint32 row;
    uint32 first;
}

/// @notice A small attribution index with its tree, and the list that is true of it. Written from the definitions, apart from
/// the code under test.
contract IndexFixture {
    uint256 public immutable ROWS;
    uint256 public immutable DIMENSION;
    uint8 public immutable TOP_K;
    uint64 public immutable FLOOR;
    int16 private constant E0 = -4;
    uint256 private constant HEAD = 21;

    FixtureRow[] private _rows;
    bytes[] private _records;
    bytes32[] private _leaves;
    bytes private _query;
    int64[] private _scores;

    constructor(FixtureRow[] memory rows, uint256 dimension, uint8 topK, uint64 floor, uint256 seed) {
        (ROWS, DIMENSION, TOP_K, FLOOR) = (rows.length, dimension, topK, floor);
        for (uint256 row = 0; row < rows.length; row++) {
            _rows.push(rows[row]);
            bytes memory record = abi.encodePacked(
                uint32(row), rows[row].contributionId, rows[row].row, rows[row].first, int8(0)
            );
            for (uint256 i = 0; i < dimension; i++) {
                record = abi.encodePacked(record, int8(int256(_random(seed, row, i) % 255) - 127));
            }
            _records.push(record);
            _leaves.push(keccak256(abi.encodePacked(bytes1(0x00), record)));
        }
        _query = abi.encodePacked(int8(-2));
        for (uint256 i = 0; i < dimension; i++) {
            int256 value = int256(_random(seed, rows.length, i) % 65_535) - 32_767;
            _query = abi.encodePacked(_query, int16(value));
        }
        for (uint256 row = 0; row < rows.length; row++) {
            _scores.push(_score(row));
        }
    }

    function index() public view virtual returns (IndexCommitment memory) {
        return IndexCommitment({
            root: _subtree(0, _width()),
            rows: uint32(ROWS),
            dimension: uint16(DIMENSION),
            e0: E0,
            floor: FLOOR,
            topK: TOP_K,
            spans: 0
        });
    }

    function query() external view returns (bytes memory) {
        return _query;
    }

    function takesPart(uint256 row) public view returns (bool) {
        return _rows[row].first == row;
    }

    function score(uint256 row) public view returns (int64) {
        return _scores[row];
    }

    /// @notice A record with its path.
    function open(uint256 row) public view returns (OpenedRecord memory) {
        return OpenedRecord(_records[row], path(row));
    }

    function path(uint256 row) public view returns (bytes32[] memory hashes) {
        uint256 depth = 0;
        while ((1 << depth) < ROWS) depth++;
        hashes = new bytes32[](depth);
        for (uint256 level = 0; level < depth; level++) {
            uint256 sibling = (row >> level) ^ 1;
            hashes[level] = _subtree(sibling << level, 1 << level);
        }
    }

    /// @notice Rows that take part and have a positive score, from best to worst.
    function ranking() public view returns (uint32[] memory rows) {
        rows = new uint32[](ROWS);
        uint256 count = 0;
        for (uint256 i = 0; i < ROWS; i++) {
            if (_rows[i].first != i || score(i) <= 0) continue;
            uint256 place = count++;
            while (place > 0 && score(rows[place - 1]) < score(i)) {
                rows[place] = rows[place - 1];
                place--;
            }
            rows[place] = uint32(i);
        }
        assembly ("memory-safe") {
            mstore(rows, count)
        }
    }

    function trueList() external view returns (InfluenceList memory) {
        return listOf(ranking());
    }

    /// @notice The list that takes the first K of `order`, with the floor and the weights that follow.
    function listOf(uint32[] memory order) public view returns (InfluenceList memory list) {
        uint256 count = order.length < TOP_K ? order.length : TOP_K;
        list.rowIds = new uint32[](count);
        list.scores = new int64[](count);
        list.gains = new uint8[](count);
        for (uint256 i = 0; i < count; i++) {
            (list.rowIds[i], list.scores[i], list.gains[i]) = (order[i], score(order[i]), 16);
        }
        list.floor = FLOOR;
        if (count > 0 && _key(order[0]) / 8 > FLOOR) list.floor = uint64(_key(order[0]) / 8);
        _weigh(list);
    }

    /// @notice Records and paths of the given rows.
    function evidence(uint32[] memory rows)
        external
        view
        returns (bytes[] memory records, bytes32[][] memory paths)
    {
        records = new bytes[](rows.length);
        paths = new bytes32[][](rows.length);
        for (uint256 i = 0; i < rows.length; i++) {
            (records[i], paths[i]) = (_records[rows[i]], path(rows[i]));
        }
    }

    function _weigh(InfluenceList memory list) internal view {
        uint64[] memory earners = new uint64[](list.rowIds.length);
        uint256[] memory earned = new uint256[](list.rowIds.length);
        uint256 found = 0;
        for (uint256 i = 0; i < list.rowIds.length; i++) {
            uint256 key = list.scores[i] > 0 ? uint64(list.scores[i]) * uint256(list.gains[i]) : list.gains[i];
            if (key <= list.floor) continue;
            uint64 owner = _rows[list.rowIds[i]].contributionId;
            uint256 j = 0;
            while (j < found && earners[j] != owner) j++;
            if (j == found) earners[found++] = owner;
            earned[j] += key - list.floor;
        }
        list.contributionIds = new uint64[](found);
        list.weights = new uint256[](found);
        for (uint256 j = 0; j < found; j++) {
            (list.contributionIds[j], list.weights[j]) = (earners[j], earned[j]);
        }
    }

    function _key(uint256 row) private view returns (uint256) {
        return uint256(int256(score(row))) * 16;
    }

    function _score(uint256 row) private view returns (int64) {
        bytes memory values = _records[row];
        bytes memory sketch = _query;
        int256 dot = 0;
        for (uint256 i = 0; i < DIMENSION; i++) {
            int256 q = int16(uint16(bytes2(abi.encodePacked(sketch[1 + 2 * i], sketch[2 + 2 * i]))));
            dot += q * int8(uint8(values[HEAD + i]));
        }
        // Query exponent -2, record exponent 0, unit -4.
        return int64(dot * 4);
    }

    function _width() private view returns (uint256 width) {
        width = 1;
        while (width < ROWS) width *= 2;
    }

    function _subtree(uint256 start, uint256 width) private view returns (bytes32) {
        if (width == 1) return start < ROWS ? _leaves[start] : bytes32(0);
        bytes32 left = _subtree(start, width / 2);
        return keccak256(abi.encodePacked(bytes1(0x01), left, _subtree(start + width / 2, width / 2)));
    }

    function _random(uint256 seed, uint256 row, uint256 i) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, row, i)));
    }
}
