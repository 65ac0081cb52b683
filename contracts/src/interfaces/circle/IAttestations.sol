// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice An attestation of the Ethereum Attestation Service, as its predeploy keeps it.
struct Attestation {
    bytes32 uid;
    bytes32 schema;
    uint64 time;
    uint64 expirationTime;
    uint64 revocationTime;
    bytes32 refUID;
    address recipient;
    address attester;
    bool revocable;
    bytes data;
}

/// @title What OpenCircle uses of the predeploys of the Ethereum Attestation Service: EAS and SchemaRegistry.
interface IAttestations {
    struct AttestationRequestData {
        address recipient;
        uint64 expirationTime;
        bool revocable;
        bytes32 refUID;
        bytes data;
        uint256 value;
    }

    struct AttestationRequest {
        bytes32 schema;
        AttestationRequestData data;
    }

    event Attested(
        address indexed recipient, address indexed attester, bytes32 uid, bytes32 indexed schemaUID
    );

    function attest(AttestationRequest calldata request) external payable returns (bytes32 uid);
    function getAttestation(bytes32 uid) external view returns (Attestation memory);
}

interface ISchemas {
    function register(string calldata schema, address resolver, bool revocable) external returns (bytes32 uid);
}
