// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {ISeeds} from "../interfaces/protocol/ISeeds.sol";
import {L1Block} from "../l2/L1Block.sol";
import {Predeploys} from "../l2/Predeploys.sol";

/// @title Hashes of L1 blocks that nobody on L2 could know when they were named.
contract Seeds is ISeeds {
    uint256 private constant MAX_HEADERS = 256;
    L1Block private constant ORIGIN = L1Block(Predeploys.L1_BLOCK);

    /// @notice L1 blocks between the current origin and the one that a draw uses.
    uint64 public immutable SEED_DELAY;

    mapping(uint64 l1Block => bytes32) private _hashes;

    constructor(uint64 seedDelay) {
        if (seedDelay == 0) revert DelayZero();
        SEED_DELAY = seedDelay;
    }

    /// @inheritdoc ISeeds
    function record() external returns (uint64 l1Block) {
        l1Block = ORIGIN.number();
        _record(l1Block, ORIGIN.hash());
    }

    /// @inheritdoc ISeeds
    function reach(uint64 from, bytes[] calldata headers) external {
        if (headers.length == 0 || headers.length > MAX_HEADERS) {
            revert HeaderCount(headers.length, MAX_HEADERS);
        }
        bytes32 expected = hashOf(from);
        for (uint64 i = 0; i < headers.length; i++) {
            bytes32 given = keccak256(headers[i]);
            if (given != expected) revert HeaderMismatch(from - i, expected, given);
            expected = BlockHeader.getParentHash(headers[i]);
            _record(from - i - 1, expected);
        }
    }

    /// @inheritdoc ISeeds
    function next() external view returns (uint64 l1Block) {
        return ORIGIN.number() + SEED_DELAY;
    }

    /// @inheritdoc ISeeds
    function hashOf(uint64 l1Block) public view returns (bytes32 hash) {
        hash = _hashes[l1Block];
        if (hash == 0) revert SeedMissing(l1Block);
    }

    /// @dev The chain of L1 that derivation follows gives each number one hash; the first record of it stays.
    function _record(uint64 l1Block, bytes32 hash) private {
        if (_hashes[l1Block] != 0) return;
        _hashes[l1Block] = hash;
        emit SeedRecorded(l1Block, hash);
    }
}
