// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttributionLedger} from "../interfaces/protocol/IAttributionLedger.sol";
import {IContributionStakes} from "../interfaces/protocol/IContributionStakes.sol";
import {IDatanetRegistry} from "../interfaces/protocol/IDatanetRegistry.sol";
import {IPlagiarismProofs} from "../interfaces/protocol/IPlagiarismProofs.sol";
import {Announcements} from "./Announcements.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {RowProof, RowProofs} from "./RowProofs.sol";
import {ContributionId} from "./Types.sol";

/// @title Proofs that a contribution copies earlier ones of others.
contract PlagiarismProofs is IPlagiarismProofs, Announcements {
    IDatanetRegistry public immutable DATANETS;
    IAttributionLedger public immutable LEDGER;
    IContributionStakes public immutable STAKES;

    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        IDatanetRegistry datanets,
        IAttributionLedger ledger,
        IContributionStakes stakes
    ) Announcements(parameters, balances) {
        (DATANETS, LEDGER, STAKES) = (datanets, ledger, stakes);
    }

    /// @inheritdoc IPlagiarismProofs
    function provePlagiarism(
        ContributionId contributionId,
        RowProof[] calldata copies,
        RowProof[] calldata originals,
        bytes32
    ) external {
        _useAnnouncement();
        IAttributionLedger.Entry memory accused = LEDGER.entryOf(contributionId);
        bool isEnough = copies.length == originals.length && copies.length * 2 > accused.rowCount;
        if (!isEnough) revert NoPlagiarism(contributionId);
        address finder = msg.sender;
        for (uint256 i = 0; i < copies.length; i++) {
            bool isRising = i == 0 || copies[i].row > copies[i - 1].row;
            (bool isCopy, uint32 turn) = _isCopy(contributionId, accused.contributor, copies[i], originals[i]);
            if (!isRising || !isCopy) revert NoPlagiarism(contributionId);
            // What was accepted after the copy may have been accepted to accuse it.
            if (turn > accused.turn) finder = address(0);
        }
        emit PlagiarismShown(contributionId, msg.sender, copies.length);
        DATANETS.skipPlagiarism(contributionId);
        STAKES.loseTo(contributionId, finder);
    }

    function _isCopy(
        ContributionId contributionId,
        address contributor,
        RowProof calldata copy,
        RowProof calldata original
    ) private view returns (bool isCopy, uint32 turn) {
        RowProofs.check(LEDGER, copy);
        IAttributionLedger.Entry memory source = RowProofs.check(LEDGER, original);
        isCopy = copy.contributionId == contributionId && original.contributionId < contributionId
            && source.contributor != contributor && copy.exampleHash == original.exampleHash;
        turn = source.turn;
    }
}
