// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAgentAccount} from "../interfaces/agents/IAgentAccount.sol";
import {IInferenceMarket} from "../interfaces/protocol/IInferenceMarket.sol";
import {AgentDeeds} from "./AgentDeeds.sol";
import {AgentSessions} from "./AgentSessions.sol";
import {AgentStakes} from "./AgentStakes.sol";
import {AgentId, DeedId, NO_DEED} from "./AgentTypes.sol";

/// @title AgentAccount
/// @notice See IAgentAccount. Each agent has a clone of it that knows its agent by its immutable argument.
contract AgentAccount is AgentSessions, EIP712, Nonces, ReentrancyGuardTransient {
    bytes32 private constant ACT_TYPE = keccak256(
        "Act(address key,address target,uint128 value,bytes data,uint256[] because,bytes32 rationale,uint256 nonce,uint256 deadline)"
    );

    AgentStakes public immutable STAKES;
    AgentDeeds public immutable DEEDS;
    address public immutable MARKET;

    constructor(AgentStakes stakes, AgentDeeds deeds, address market) EIP712("OpenLedger agent", "1") {
        (STAKES, DEEDS, MARKET) = (stakes, deeds, market);
    }

    receive() external payable {}

    modifier onlyOwner() {
        address owner = STAKES.ownerOf(agentId());
        if (msg.sender != owner) revert NotOwner(msg.sender, owner);
        _;
    }

    /// @inheritdoc IAgentAccount
    function setSession(address key, Session calldata session, Limit[] calldata limits) external onlyOwner {
        _setSession(key, session, limits);
    }

    /// @inheritdoc IAgentAccount
    function revoke(address key) external {
        address owner = STAKES.ownerOf(agentId());
        if (msg.sender != owner && msg.sender != key) revert NotOwner(msg.sender, owner);
        _revoke(key);
    }

    /// @inheritdoc IAgentAccount
    function act(Act calldata order) external nonReentrant returns (DeedId deedId, bytes memory result) {
        return _act(msg.sender, order);
    }

    /// @inheritdoc IAgentAccount
    function actFor(address key, Act calldata order, uint256 deadline, bytes calldata signature)
        external
        nonReentrant
        returns (DeedId deedId, bytes memory result)
    {
        if (block.timestamp > deadline) revert ActTooOld(deadline);
        bytes32 digest = digestOf(key, order, _useNonce(key), deadline);
        if (!SignatureChecker.isValidSignatureNowCalldata(key, digest, signature)) {
            revert SignatureOther(key);
        }
        return _act(key, order);
    }

    /// @inheritdoc IAgentAccount
    function execute(Call calldata order) external onlyOwner nonReentrant returns (bytes memory result) {
        emit OwnerActed(order.target, order.value, order.data);
        return _call(order);
    }

    /// @inheritdoc IAgentAccount
    function digestOf(address key, Act calldata order, uint256 nonce, uint256 deadline)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    ACT_TYPE,
                    key,
                    order.call.target,
                    order.call.value,
                    keccak256(order.call.data),
                    keccak256(abi.encodePacked(order.because)),
                    order.rationale,
                    nonce,
                    deadline
                )
            )
        );
    }

    /// @notice The agent whose account this is.
    function agentId() public view returns (AgentId) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (AgentId));
    }

    /// @dev The deed stands in the events before its effects. A question names no answer: it is how one comes about.
    function _act(address key, Act calldata order) private returns (DeedId deedId, bytes memory result) {
        _checkAllowed(key, order);
        uint256[] memory before = _balances(key);
        Call calldata call = order.call;
        bool isQuestion = call.target == MARKET && bytes4(call.data) == IInferenceMarket.request.selector
            && order.because.length == 0;
        deedId = isQuestion
            ? NO_DEED
            : DEEDS.record(key, call.target, call.value, call.data, order.because, order.rationale);
        result = _call(call);
        _spend(key, call, before);
    }

    /// @dev To an account without code it is a transfer of OPEN, which needs no answer.
    function _call(Call calldata order) private returns (bytes memory) {
        (bool success, bytes memory result) = order.target.call{value: order.value}(order.data);
        return Address.verifyCallResult(success, result);
    }
}
