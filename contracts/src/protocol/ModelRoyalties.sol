// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IModelLedger, ModelTerms} from "../interfaces/protocol/IModelLedger.sol";
import {IModelRoyalties, RoyaltyLine} from "../interfaces/protocol/IModelRoyalties.sol";
import {ModelStaking} from "./ModelStaking.sol";
import {REWARD_SPLITTER} from "./Precompiles.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {RoyaltyPurse} from "./RoyaltyPurse.sol";
import {RoyaltyTables} from "./RoyaltyTables.sol";
import {SnapshotPools} from "./SnapshotPools.sol";
import {BPS, ModelId, Parent, RequestId, SnapshotRef, NO_MODEL} from "./Types.sol";

/// @title What models owe to the models and the data that they were made from.
/// @notice See IModelRoyalties. It holds money, so it has no owner and can't be upgraded.
contract ModelRoyalties is RoyaltyTables {
    SnapshotPools public immutable POOLS;
    ModelStaking public immutable STAKING;
    RewardBalances public immutable BALANCES;
    /// @dev What the purses are clones of.
    address private immutable _PURSE;

    mapping(ModelId modelId => address) public purseOf;
    mapping(ModelId modelId => uint256) private _owed;
    /// @notice Wei that this contract owes to ancestors.
    uint256 public held;

    constructor(IModelLedger models, SnapshotPools pools, ModelStaking staking, RewardBalances balances)
        RoyaltyTables(models)
    {
        (POOLS, STAKING, BALANCES) = (pools, staking, balances);
        _PURSE = address(new RoyaltyPurse(balances));
    }

    /// @dev What a purse hands over.
    receive() external payable {}

    /// @inheritdoc IModelRoyalties
    function adopt(
        ModelId modelId,
        Parent[] calldata parents,
        SnapshotRef[] calldata snapshots,
        uint16[] calldata royalties
    ) external returns (address purse, uint256 bps) {
        if (msg.sender != address(MODELS)) revert NotRegistry(msg.sender);
        bps = _makeTable(modelId, parents, snapshots, royalties);
        if (bps == 0) return (address(0), 0);
        purse = Clones.clone(_PURSE);
        purseOf[modelId] = purse;
        emit ModelDerived(modelId, parents, tableOf(modelId), purse);
    }

    /// @inheritdoc IModelRoyalties
    function distribute(ModelId modelId) external {
        uint256 income = purseOf[modelId] == address(0) ? 0 : RoyaltyPurse(payable(purseOf[modelId])).empty();
        uint256 royalties = _owed[modelId];
        if (income + royalties == 0) revert NothingOwed(modelId);
        if (royalties > 0) {
            _owed[modelId] = 0;
            held -= royalties;
            _payAncestor(modelId, royalties);
        }
        if (income > 0) _payTable(modelId, income);
    }

    /// @inheritdoc IModelRoyalties
    function waitingOf(ModelId modelId) external view returns (uint256 income, uint256 royalties) {
        address purse = purseOf[modelId];
        if (purse != address(0)) income = purse.balance + BALANCES.balanceOf(purse);
        return (income, _owed[modelId]);
    }

    /// @dev The rest of the table is the owner's.
    function _payTable(ModelId modelId, uint256 amount) private {
        RoyaltyLine[] memory table = tableOf(modelId);
        uint256[] memory weights = new uint256[](table.length + 1);
        weights[table.length] = BPS;
        for (uint256 i = 0; i < table.length; i++) {
            weights[i] = table[i].bps;
            weights[table.length] -= table[i].bps;
        }
        uint256[] memory parts = REWARD_SPLITTER.split(amount, weights);
        uint256 owners = parts[table.length];
        assembly ("memory-safe") {
            mstore(parts, sub(mload(parts), 1))
        }
        emit RoyaltiesDistributed(modelId, parts, owners);
        for (uint256 i = 0; i < table.length; i++) {
            if (parts[i] == 0) continue;
            if (table[i].modelId != NO_MODEL) {
                _owed[table[i].modelId] += parts[i];
                held += parts[i];
            } else {
                SnapshotRef memory snapshot = table[i].snapshot;
                POOLS.fund{value: parts[i]}(snapshot.datanetId, snapshot.number, "royalty");
            }
        }
        _payOwner(modelId, owners);
    }

    /// @dev By its own split, without the part of a host that it did not need.
    function _payAncestor(ModelId modelId, uint256 amount) private {
        (,, ModelTerms memory terms) = MODELS.termsOf(modelId);
        uint256[] memory weights = new uint256[](3);
        (weights[0], weights[1], weights[2]) =
        (terms.split.contributors, terms.split.owner, terms.split.stakers);
        if (weights[2] > 0 && STAKING.totalStake(modelId) == 0) {
            (weights[1], weights[2]) = (weights[1] + weights[2], 0);
        }
        uint256[] memory parts = REWARD_SPLITTER.split(amount, weights);
        emit AncestorPaid(modelId, parts[0], parts[1], parts[2]);
        if (parts[0] > 0) {
            POOLS.fundAll{value: parts[0]}(MODELS.snapshotsOf(modelId), RequestId.wrap(0), "royalty");
        }
        if (parts[2] > 0) STAKING.reward{value: parts[2]}(modelId, RequestId.wrap(0));
        _payOwner(modelId, parts[1]);
    }

    function _payOwner(ModelId modelId, uint256 amount) private {
        if (amount == 0) return;
        BALANCES.creditFor{value: amount}(MODELS.ownerOf(modelId), "royalty", ModelId.unwrap(modelId));
    }
}
