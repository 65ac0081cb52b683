// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Hashes of L1 blocks that nobody on L2 could know when they were named.
/// @notice A draw names the L1 block SEED_DELAY after the current origin: on a live chain the sequencing window and one, since a
/// sequencer sees L1 before L2's origin gets there. Hashes are recorded as origins pass; one that passed unrecorded is reached by
/// headers back from a later record, so a sequencer can't choose by leaving one out.
interface ISeeds {
    event SeedRecorded(uint64 indexed l1Block, bytes32 hash);

    error SeedMissing(uint64 l1Block);
    error DelayZero();
    error HeaderCount(uint256 count, uint256 most);
    /// @notice The header's hash is not the recorded one of its block.
    error HeaderMismatch(uint64 l1Block, bytes32 expected, bytes32 given);

    /// @notice Records the hash of L2's L1 origin. Anybody may call.
    /// @return l1Block Number of the origin.
    function record() external returns (uint64 l1Block);

    /// @notice Records blocks before a recorded one: each header's hash is known, and names its parent's. Anybody may call.
    /// @param from A recorded L1 block.
    /// @param headers RLP of L1 headers: of block `from`, then of the one before, and so on; at most 256.
    function reach(uint64 from, bytes[] calldata headers) external;

    /// @notice The L1 block that a draw of now has to use.
    function next() external view returns (uint64 l1Block);

    /// @notice Hash of a recorded L1 block; reverts with SeedMissing otherwise.
    function hashOf(uint64 l1Block) external view returns (bytes32);
}
