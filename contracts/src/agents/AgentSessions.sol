// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IAgentAccount} from "../interfaces/agents/IAgentAccount.sol";

/// @title AgentSessions
/// @notice What session keys may do: times, calls, and what they spend. Every one of them is checked on chain, so a key that is stolen
/// can do what the session allows and nothing else.
abstract contract AgentSessions is IAgentAccount {
    /// @notice Tokens that a session has limits for.
    uint256 public constant MAX_LIMITS = 8;
    uint256 private constant WORD = 32;
    uint256 private constant SELECTOR = 4;
    /// @dev Bits of a rule's fixedWords.
    uint256 private constant MAX_WORDS = 32;
    address private constant OPEN = address(0);

    struct Spent {
        uint64 day;
        uint128 amount;
    }

    mapping(address key => Session) private _sessions;
    mapping(address key => Limit[]) private _limits;
    mapping(address key => mapping(address token => Spent)) private _spent;

    /// @inheritdoc IAgentAccount
    function leafOf(Rule calldata rule) public pure returns (bytes32) {
        // Hashed twice, so that no inner node of the tree is a leaf.
        return keccak256(bytes.concat(keccak256(abi.encode(rule))));
    }

    /// @inheritdoc IAgentAccount
    function sessionOf(address key) external view returns (Session memory session, Limit[] memory limits) {
        return (_sessions[key], _limits[key]);
    }

    /// @inheritdoc IAgentAccount
    function spentToday(address key, address token) public view returns (uint256) {
        Spent storage spent = _spent[key][token];
        return spent.day == _today() ? spent.amount : 0;
    }

    function _setSession(address key, Session calldata session, Limit[] calldata limits) internal {
        if (session.from >= session.until || session.root == 0) {
            revert SessionTimes(session.from, session.until);
        }
        if (limits.length > MAX_LIMITS) revert SessionLimits(limits.length, MAX_LIMITS);
        _sessions[key] = session;
        delete _limits[key];
        for (uint256 i = 0; i < limits.length; i++) {
            for (uint256 j = 0; j < i; j++) {
                if (limits[j].token == limits[i].token) revert LimitRepeated(limits[i].token);
            }
            _limits[key].push(limits[i]);
        }
        emit SessionSet(key, session.from, session.until, session.root, limits);
    }

    function _revoke(address key) internal {
        delete _sessions[key];
        emit SessionRevoked(key, msg.sender);
    }

    /// @dev Reverts unless the key's session runs and allows the call by the rule.
    function _checkAllowed(address key, Act calldata order) internal view {
        Session storage session = _sessions[key];
        if (block.timestamp < session.from || block.timestamp >= session.until) {
            revert SessionOver(key, session.from, session.until);
        }
        Rule calldata rule = order.rule;
        if (!MerkleProof.verifyCalldata(order.proof, session.root, leafOf(rule))) {
            revert CallNotAllowed(rule.target, rule.selector);
        }
        _checkCall(order.call, rule);
    }

    /// @dev The balances of the tokens with limits, before the call.
    function _balances(address key) internal view returns (uint256[] memory before) {
        Limit[] storage limits = _limits[key];
        before = new uint256[](limits.length);
        for (uint256 i = 0; i < before.length; i++) {
            if (limits[i].token != OPEN) before[i] = IERC20(limits[i].token).balanceOf(address(this));
        }
    }

    /// @dev Counts what a call spent: OPEN by what went with it, tokens by what is missing or may be taken by an allowance.
    function _spend(address key, Call calldata order, uint256[] memory before) internal {
        Limit[] storage limits = _limits[key];
        bool hasOpen = order.value == 0;
        for (uint256 i = 0; i < before.length; i++) {
            Limit memory limit = limits[i];
            if (limit.token == OPEN) {
                hasOpen = true;
                _count(key, limit, order.value);
                continue;
            }
            uint256 left = IERC20(limit.token).balanceOf(address(this));
            uint256 gone = before[i] > left ? before[i] - left : 0;
            _count(key, limit, gone + _allowance(limit.token, order));
        }
        if (!hasOpen) revert AboveCallLimit(OPEN, order.value, 0);
    }

    function _count(address key, Limit memory limit, uint256 amount) private {
        if (amount == 0) return;
        if (amount > limit.perCall) revert AboveCallLimit(limit.token, amount, limit.perCall);
        uint256 today = spentToday(key, limit.token) + amount;
        if (today > limit.perDay) revert AboveDayLimit(limit.token, today, limit.perDay);
        _spent[key][limit.token] = Spent(_today(), uint128(today));
        emit SessionSpent(key, limit.token, amount, today);
    }

    /// @dev An allowance is spent when it is given: nobody asks again when it is used. `approve(address,uint256)` and
    /// `increaseAllowance(address,uint256)`.
    function _allowance(address token, Call calldata order) private pure returns (uint256) {
        if (order.target != token || order.data.length < SELECTOR + 2 * WORD) return 0;
        bytes4 selector = bytes4(order.data[:SELECTOR]);
        if (selector != IERC20.approve.selector && selector != 0x39509351) return 0;
        return uint256(bytes32(order.data[SELECTOR + WORD:SELECTOR + 2 * WORD]));
    }

    function _checkCall(Call calldata order, Rule calldata rule) private view {
        bool isOwn = order.target == address(this);
        if (order.target != rule.target || isOwn) revert CallOutsideRule(0);
        if (order.data.length < SELECTOR || bytes4(order.data[:SELECTOR]) != rule.selector) {
            revert CallOutsideRule(1);
        }
        if (order.value > rule.maxValue) revert CallOutsideRule(2);
        uint256 at = 0;
        for (uint256 i = 0; i < MAX_WORDS; i++) {
            if (rule.fixedWords >> i & 1 == 0) continue;
            uint256 from = SELECTOR + i * WORD;
            bool isThere = order.data.length >= from + WORD && at < rule.words.length;
            if (!isThere || bytes32(order.data[from:from + WORD]) != rule.words[at]) {
                revert CallOutsideRule(3 + i);
            }
            at++;
        }
    }

    function _today() private view returns (uint64) {
        return uint64(block.timestamp / 1 days);
    }
}
