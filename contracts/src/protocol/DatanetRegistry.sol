// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MerkleFrontier} from "./MerkleFrontier.sol";
import {Parameters, ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @title Datanets, their contributions and their snapshots.
/// @notice A contribution is committed (hash and stake), revealed in a later block, reviewed, and accepted or rejected. Stakes
/// return, and slashed stakes go to the treasury, through RewardBalances. Amounts are wei, times are seconds since the epoch.
contract DatanetRegistry {
    using MerkleFrontier for MerkleFrontier.Tree;

    enum Status {
        None,
        Committed,
        Revealed,
        Accepted,
        Rejected,
        /// @dev Taken back before its reveal, or not decided in time.
        Withdrawn
    }

    /// @param owner Who freezes snapshots.
    /// @param stake Wei that each contribution binds.
    /// @param quorum Approvals that accept a contribution.
    /// @param reviewers Number of reviewers.
    /// @param accepted Number of accepted contributions.
    /// @param rows Their rows together.
    /// @param snapshots Number of snapshots; they are counted from 1.
    struct Datanet {
        address owner;
        uint128 stake;
        uint16 quorum;
        uint16 reviewers;
        uint32 accepted;
        uint64 rows;
        uint32 snapshots;
        string name;
        string licence;
        string uri;
    }

    /// @param committedBlock L2 block of the commitment; the reveal comes later.
    /// @param deadline Revealed: end of the review. Accepted: when the stake can be released.
    /// @param stakeHeld The stake is still here.
    /// @param contentId SHA-256 of the contribution's document, its key in the content store.
    /// @param rowsRoot Merkle root over the example hashes.
    struct Contribution {
        uint256 datanetId;
        address contributor;
        Status status;
        bool stakeHeld;
        uint16 approvals;
        uint16 rejections;
        uint32 rowCount;
        uint64 committedBlock;
        uint64 deadline;
        uint128 stake;
        bytes32 commitment;
        bytes32 contentId;
        bytes32 rowsRoot;
    }

    /// @param root Merkle root over the accepted contributions' leaves, in the order of acceptance.
    /// @param contributions Number of them: the first that many.
    /// @param rows Their rows together.
    struct Snapshot {
        bytes32 root;
        uint32 contributions;
        uint64 rows;
        uint64 frozenAt;
    }

    uint256 private constant MAX_REVIEWERS = 64;
    uint256 private constant MAX_TEXT = 1024;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;

    /// @notice Number of datanets; ids count from 1.
    uint256 public datanetCount;
    /// @notice Number of contributions to all datanets; ids count from 1.
    uint256 public contributionCount;
    mapping(uint256 datanetId => mapping(address reviewer => bool)) public isReviewer;
    mapping(uint256 contributionId => mapping(address reviewer => bool)) public hasReviewed;
    /// @notice The contribution that revealed a content id in a datanet; 0 if none did.
    mapping(uint256 datanetId => mapping(bytes32 contentId => uint256 contributionId)) public contributionOfContent;
    mapping(uint256 datanetId => Datanet) private _datanets;
    mapping(uint256 contributionId => Contribution) private _contributions;
    mapping(uint256 datanetId => uint256[] contributionIds) private _accepted;
    mapping(uint256 datanetId => MerkleFrontier.Tree) private _trees;
    mapping(uint256 datanetId => mapping(uint32 number => Snapshot)) private _snapshots;

    event DatanetCreated(
        uint256 indexed datanetId,
        address indexed owner,
        string name,
        string licence,
        string uri,
        uint128 stake,
        address[] reviewers,
        uint16 quorum
    );
    event ContributionCommitted(
        uint256 indexed contributionId,
        uint256 indexed datanetId,
        address indexed contributor,
        bytes32 commitment,
        uint128 stake
    );
    event ContributionRevealed(
        uint256 indexed contributionId,
        uint256 indexed datanetId,
        address indexed contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        uint64 reviewDeadline
    );
    event ContributionReviewed(uint256 indexed contributionId, address indexed reviewer, bool approve);
    /// @notice `position` is the leaf's place in the datanet's snapshots.
    event ContributionAccepted(
        uint256 indexed contributionId,
        uint256 indexed datanetId,
        address indexed contributor,
        uint32 position,
        bytes32 leaf,
        uint64 stakeReleaseTime
    );
    event ContributionRejected(
        uint256 indexed contributionId,
        uint256 indexed datanetId,
        address indexed contributor,
        uint128 slashed
    );
    /// @notice The contributor took it back before its reveal, or nobody decided in time.
    event ContributionWithdrawn(uint256 indexed contributionId, uint256 indexed datanetId, address indexed contributor);
    event StakeReleased(uint256 indexed contributionId, address indexed contributor, uint128 stake);
    event SnapshotFrozen(
        uint256 indexed datanetId, uint32 indexed number, bytes32 root, uint32 contributions, uint64 rows
    );

    error DatanetUnknown(uint256 datanetId);
    error SnapshotUnknown(uint256 datanetId, uint32 number);
    error TextLength(uint256 length);
    error ReviewerCount(uint256 count);
    error ReviewerRepeated(address reviewer);
    error QuorumOutOfRange(uint256 quorum, uint256 reviewers);
    error StakeMismatch(uint256 sent, uint256 required);
    error CommitmentEmpty();
    error StatusMismatch(uint256 contributionId, Status actual);
    error NotContributor(address caller);
    error NotReviewer(address caller);
    error NotDatanetOwner(address caller);
    error AlreadyReviewed(address reviewer);
    error RevealTooEarly(uint256 committedBlock);
    error RevealMismatch(bytes32 commitment, bytes32 revealed);
    error RowCountZero();
    error ContentRepeated(bytes32 contentId, uint256 contributionId);
    error ReviewOver(uint256 deadline);
    error TooEarly(uint256 time);
    /// @notice No contribution was accepted since the last snapshot.
    error NothingNew();

    constructor(ProtocolParameters parameters, RewardBalances balances) {
        PARAMETERS = parameters;
        BALANCES = balances;
    }

    /// @notice Starts a datanet; the caller owns it.
    /// @param name For people; 1 to 1024 bytes.
    /// @param licence SPDX expression or text of the data's licence; 1 to 1024 bytes.
    /// @param uri Where it is described; at most 1024 bytes.
    /// @param stake Wei that each contribution binds.
    /// @param reviewers 1 to 64 distinct accounts.
    /// @param quorum Approvals that accept a contribution; 1 to the number of reviewers.
    /// @return datanetId Counted from 1.
    function create(
        string calldata name,
        string calldata licence,
        string calldata uri,
        uint128 stake,
        address[] calldata reviewers,
        uint16 quorum
    ) external returns (uint256 datanetId) {
        if (bytes(name).length == 0 || bytes(name).length > MAX_TEXT) revert TextLength(bytes(name).length);
        if (bytes(licence).length == 0 || bytes(licence).length > MAX_TEXT) revert TextLength(bytes(licence).length);
        if (bytes(uri).length > MAX_TEXT) revert TextLength(bytes(uri).length);
        if (reviewers.length == 0 || reviewers.length > MAX_REVIEWERS) revert ReviewerCount(reviewers.length);
        if (quorum == 0 || quorum > reviewers.length) revert QuorumOutOfRange(quorum, reviewers.length);
        datanetId = ++datanetCount;
        for (uint256 i = 0; i < reviewers.length; i++) {
            if (isReviewer[datanetId][reviewers[i]]) revert ReviewerRepeated(reviewers[i]);
            isReviewer[datanetId][reviewers[i]] = true;
        }
        Datanet storage datanet = _datanets[datanetId];
        datanet.owner = msg.sender;
        datanet.stake = stake;
        datanet.quorum = quorum;
        datanet.reviewers = uint16(reviewers.length);
        datanet.name = name;
        datanet.licence = licence;
        datanet.uri = uri;
        emit DatanetCreated(datanetId, msg.sender, name, licence, uri, stake, reviewers, quorum);
    }

    /// @notice The hash that `commit` takes: it binds the contributor, so nobody can reveal what another committed.
    /// @param salt Secret until the reveal.
    function commitmentOf(
        uint256 datanetId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        bytes32 salt
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(datanetId, contributor, contentId, rowsRoot, rowCount, salt));
    }

    /// @notice Announces a contribution and binds the datanet's stake.
    /// @param commitment See commitmentOf.
    /// @return contributionId Counted from 1 over all datanets.
    function commit(uint256 datanetId, bytes32 commitment) external payable returns (uint256 contributionId) {
        Datanet storage datanet = _datanet(datanetId);
        if (msg.value != datanet.stake) revert StakeMismatch(msg.value, datanet.stake);
        if (commitment == 0) revert CommitmentEmpty();
        contributionId = ++contributionCount;
        Contribution storage contribution = _contributions[contributionId];
        contribution.datanetId = datanetId;
        contribution.contributor = msg.sender;
        contribution.status = Status.Committed;
        contribution.stakeHeld = true;
        contribution.committedBlock = uint64(block.number);
        contribution.stake = uint128(msg.value);
        contribution.commitment = commitment;
        emit ContributionCommitted(contributionId, datanetId, msg.sender, commitment, uint128(msg.value));
    }

    /// @notice Takes a contribution back before its reveal; the stake returns.
    function cancel(uint256 contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Committed);
        if (msg.sender != contribution.contributor) revert NotContributor(msg.sender);
        _withdraw(contributionId, contribution);
    }

    /// @notice Opens a commitment of an earlier block; the review begins.
    /// @param contentId SHA-256 of the document; new in this datanet.
    /// @param rowsRoot Merkle root over the example hashes.
    /// @param rowCount Rows of the document, at least 1.
    /// @param salt As committed.
    function reveal(
        uint256 contributionId,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        bytes32 salt
    ) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Committed);
        if (msg.sender != contribution.contributor) revert NotContributor(msg.sender);
        // A reveal that is read from the pool can't be committed, revealed and mined before it.
        if (block.number <= contribution.committedBlock) revert RevealTooEarly(contribution.committedBlock);
        if (rowCount == 0) revert RowCountZero();
        uint256 datanetId = contribution.datanetId;
        bytes32 revealed = commitmentOf(datanetId, msg.sender, contentId, rowsRoot, rowCount, salt);
        if (revealed != contribution.commitment) revert RevealMismatch(contribution.commitment, revealed);
        uint256 first = contributionOfContent[datanetId][contentId];
        if (first != 0) revert ContentRepeated(contentId, first);
        contributionOfContent[datanetId][contentId] = contributionId;
        uint64 deadline = uint64(block.timestamp + PARAMETERS.parameters().reviewPeriod);
        contribution.status = Status.Revealed;
        contribution.contentId = contentId;
        contribution.rowsRoot = rowsRoot;
        contribution.rowCount = rowCount;
        contribution.deadline = deadline;
        emit ContributionRevealed(
            contributionId, datanetId, msg.sender, contentId, rowsRoot, rowCount, deadline
        );
    }

    /// @notice One reviewer's vote. The quorum of approvals accepts; as soon as it can't be reached any more, the contribution
    /// is rejected and its stake goes to the treasury.
    function review(uint256 contributionId, bool approve) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Revealed);
        if (block.timestamp > contribution.deadline) revert ReviewOver(contribution.deadline);
        bool allowed = isReviewer[contribution.datanetId][msg.sender] && msg.sender != contribution.contributor;
        if (!allowed) revert NotReviewer(msg.sender);
        if (hasReviewed[contributionId][msg.sender]) revert AlreadyReviewed(msg.sender);
        hasReviewed[contributionId][msg.sender] = true;
        emit ContributionReviewed(contributionId, msg.sender, approve);
        Datanet storage datanet = _datanets[contribution.datanetId];
        if (approve) {
            if (++contribution.approvals >= datanet.quorum) _accept(contributionId, contribution, datanet);
        } else if (++contribution.rejections > datanet.reviewers - datanet.quorum) {
            _reject(contributionId, contribution);
        }
    }

    /// @notice Ends the review of a contribution that nobody decided in time; the stake returns. Anybody may call.
    function expire(uint256 contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Revealed);
        if (block.timestamp <= contribution.deadline) revert TooEarly(contribution.deadline);
        delete contributionOfContent[contribution.datanetId][contribution.contentId];
        _withdraw(contributionId, contribution);
    }

    /// @notice Returns an accepted contribution's stake after its period. Anybody may call.
    function releaseStake(uint256 contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        if (!contribution.stakeHeld) revert StatusMismatch(contributionId, contribution.status);
        _expectStatus(contributionId, contribution, Status.Accepted);
        if (block.timestamp < contribution.deadline) revert TooEarly(contribution.deadline);
        emit StakeReleased(contributionId, contribution.contributor, contribution.stake);
        _moveStake(contribution, contribution.contributor);
    }

    /// @notice Freezes all contributions accepted so far as the datanet's next snapshot. For the owner.
    /// @return number Counted from 1.
    function freeze(uint256 datanetId) external returns (uint32 number) {
        Datanet storage datanet = _datanet(datanetId);
        if (msg.sender != datanet.owner) revert NotDatanetOwner(msg.sender);
        if (datanet.accepted == _snapshots[datanetId][datanet.snapshots].contributions) revert NothingNew();
        number = ++datanet.snapshots;
        Snapshot memory snapshot = Snapshot({
            root: _trees[datanetId].root(),
            contributions: datanet.accepted,
            rows: datanet.rows,
            frozenAt: uint64(block.timestamp)
        });
        _snapshots[datanetId][number] = snapshot;
        emit SnapshotFrozen(datanetId, number, snapshot.root, snapshot.contributions, snapshot.rows);
    }

    /// @notice Leaf of an accepted contribution:
    /// keccak256(0x00 | contributionId u256 | contributor | contentId | rowsRoot | rowCount u32).
    function leafOf(
        uint256 contributionId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount
    ) public pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(bytes1(0x00), contributionId, contributor, contentId, rowsRoot, rowCount)
        );
    }

    function getDatanet(uint256 datanetId) external view returns (Datanet memory) {
        return _datanet(datanetId);
    }

    function getContribution(uint256 contributionId) external view returns (Contribution memory) {
        return _contributions[contributionId];
    }

    function getSnapshot(uint256 datanetId, uint32 number) external view returns (Snapshot memory snapshot) {
        snapshot = _snapshots[datanetId][number];
        if (snapshot.contributions == 0) revert SnapshotUnknown(datanetId, number);
    }

    /// @notice Ids of accepted contributions in the order of acceptance: at most `limit` from position `start` on.
    function acceptedContributions(uint256 datanetId, uint256 start, uint256 limit)
        external
        view
        returns (uint256[] memory contributionIds)
    {
        uint256[] storage all = _accepted[datanetId];
        uint256 rest = start < all.length ? all.length - start : 0;
        contributionIds = new uint256[](rest < limit ? rest : limit);
        for (uint256 i = 0; i < contributionIds.length; i++) {
            contributionIds[i] = all[start + i];
        }
    }

    function _accept(uint256 contributionId, Contribution storage contribution, Datanet storage datanet) private {
        uint256 datanetId = contribution.datanetId;
        uint64 release = uint64(block.timestamp + PARAMETERS.parameters().stakePeriod);
        contribution.status = Status.Accepted;
        contribution.deadline = release;
        datanet.accepted++;
        datanet.rows += contribution.rowCount;
        _accepted[datanetId].push(contributionId);
        bytes32 leaf = leafOf(
            contributionId,
            contribution.contributor,
            contribution.contentId,
            contribution.rowsRoot,
            contribution.rowCount
        );
        uint32 position = _trees[datanetId].append(leaf);
        emit ContributionAccepted(contributionId, datanetId, contribution.contributor, position, leaf, release);
    }

    function _reject(uint256 contributionId, Contribution storage contribution) private {
        contribution.status = Status.Rejected;
        emit ContributionRejected(
            contributionId, contribution.datanetId, contribution.contributor, contribution.stake
        );
        _moveStake(contribution, PARAMETERS.parameters().treasury);
    }

    function _withdraw(uint256 contributionId, Contribution storage contribution) private {
        contribution.status = Status.Withdrawn;
        emit ContributionWithdrawn(contributionId, contribution.datanetId, contribution.contributor);
        _moveStake(contribution, contribution.contributor);
    }

    function _moveStake(Contribution storage contribution, address to) private {
        contribution.stakeHeld = false;
        if (contribution.stake > 0) BALANCES.credit{value: contribution.stake}(to);
    }

    function _datanet(uint256 datanetId) private view returns (Datanet storage datanet) {
        datanet = _datanets[datanetId];
        if (datanet.owner == address(0)) revert DatanetUnknown(datanetId);
    }

    function _expectStatus(uint256 contributionId, Contribution storage contribution, Status status) private view {
        if (contribution.status != status) revert StatusMismatch(contributionId, contribution.status);
    }
}
