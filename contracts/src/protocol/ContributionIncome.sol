// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IContributionIncome} from "../interfaces/protocol/IContributionIncome.sol";
import {Contributions} from "./Contributions.sol";
import {ContributionId} from "./Types.sol";

/// @title The income of a contribution, as something that changes hands.
abstract contract ContributionIncome is Contributions {
    mapping(ContributionId contributionId => address) private _payees;

    /// @inheritdoc IContributionIncome
    function transferIncome(ContributionId contributionId, address to) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Accepted);
        if (msg.sender != payeeOf(contributionId)) revert NotPayee(msg.sender);
        if (to == address(0) || to == address(this)) revert PayeeInvalid(to);
        contribution.incomeMoved = true;
        _payees[contributionId] = to;
        emit IncomeTransferred(contributionId, msg.sender, to);
    }

    /// @inheritdoc IContributionIncome
    function payeeOf(ContributionId contributionId) public view returns (address) {
        Contribution storage contribution = _contributions[contributionId];
        return contribution.incomeMoved ? _payees[contributionId] : contribution.contributor;
    }
}
