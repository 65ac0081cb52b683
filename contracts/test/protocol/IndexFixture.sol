// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IndexCommitment, InfluenceClaim} from "../../src/interfaces/IInfluenceVerifier.sol";

/// @notice A small attribution index with its tree, and the claim that is true of it. Written from the definitions, apart from
/// the code under test.
contract IndexFixture {
    uint256 public immutable ROWS;
    uint256 public immutable DIMENSION;
    uint8 public immutable TOP_K;
    uint64 public immutable FLOOR;
    int16 private constant E0 = -4;

    bytes[] private _records;
    bytes32[] private _leaves;
    bytes private _query;
    int64[] private _scores;
    address[] private _owners;
    InfluenceClaim private _claim;

    /// @param owners Contributors; row i belongs to one of them by the seed.
    constructor(
        uint256 rows,
        uint256 dimension,
        uint8 topK,
        uint64 floor,
        address[] memory owners,
        uint256 seed
    ) {
        (ROWS, DIMENSION, TOP_K, FLOOR) = (rows, dimension, topK, floor);
        for (uint256 row = 0; row < rows; row++) {
            address owner = owners[_random(seed, row, 1 << 20) % owners.length];
            bytes memory record =
                abi.encodePacked(uint32(row), bytes32(_random(seed, row, 1 << 21)), owner, int8(0));
            for (uint256 i = 0; i < dimension; i++) {
                record = abi.encodePacked(record, int8(int256(_random(seed, row, i) % 255) - 127));
            }
            _records.push(record);
            _leaves.push(keccak256(abi.encodePacked(bytes1(0x00), record)));
            _owners.push(owner);
        }
        _query = abi.encodePacked(int8(-2));
        for (uint256 i = 0; i < dimension; i++) {
            _query = abi.encodePacked(_query, int16(int256(_random(seed, rows, i) % 65_535) - 32_767));
        }
        for (uint256 row = 0; row < rows; row++) {
            _scores.push(_score(row));
        }
        _claim = _trueClaim();
    }

    function index() public view returns (IndexCommitment memory) {
        return IndexCommitment({
            root: _subtree(0, _width()),
            rows: uint32(ROWS),
            dimension: uint16(DIMENSION),
            groups: 1,
            e0: E0,
            floor: FLOOR,
            topK: TOP_K
        });
    }

    function record(uint256 row) external view returns (bytes memory) {
        return _records[row];
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

    function score(uint256 row) public view returns (int64) {
        return _scores[row];
    }

    function trueClaim() external view returns (InfluenceClaim memory) {
        return _claim;
    }

    /// @notice The rows from best to worst.
    function ranking() public view returns (uint32[] memory rows) {
        rows = new uint32[](ROWS);
        for (uint256 i = 0; i < ROWS; i++) {
            uint256 at = i;
            while (at > 0 && score(rows[at - 1]) < score(i)) {
                rows[at] = rows[at - 1];
                at--;
            }
            rows[at] = uint32(i);
        }
    }

    function _trueClaim() private view returns (InfluenceClaim memory claim) {
        uint32[] memory order = ranking();
        uint256 count = TOP_K < ROWS ? TOP_K : ROWS;
        claim.query = _query;
        claim.rowIds = new uint32[](count);
        claim.scores = new int64[](count);
        address[] memory earners = new address[](count);
        uint256[] memory earned = new uint256[](count);
        uint256 found = 0;
        for (uint256 i = 0; i < count; i++) {
            (claim.rowIds[i], claim.scores[i]) = (order[i], score(order[i]));
            if (claim.scores[i] <= int256(uint256(FLOOR))) continue;
            uint256 j = 0;
            while (j < found && earners[j] != _owners[order[i]]) j++;
            if (j == found) earners[found++] = _owners[order[i]];
            earned[j] += uint256(int256(claim.scores[i]) - int256(uint256(FLOOR)));
        }
        claim.contributors = new address[](found);
        claim.weights = new uint256[](found);
        for (uint256 j = 0; j < found; j++) {
            (claim.contributors[j], claim.weights[j]) = (earners[j], earned[j]);
        }
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

    function _score(uint256 row) private view returns (int64) {
        bytes memory values = _records[row];
        int256 dot = 0;
        bytes memory query = _query;
        for (uint256 i = 0; i < DIMENSION; i++) {
            int256 q = int16(uint16(bytes2(abi.encodePacked(query[1 + 2 * i], query[2 + 2 * i]))));
            dot += q * int8(uint8(values[57 + i]));
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
