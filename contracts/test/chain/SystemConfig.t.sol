// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {SystemConfig} from "../../src/l1/SystemConfig.sol";
import {Test} from "../lib/Test.sol";
import {Vm} from "../lib/Vm.sol";

contract SystemConfigTest is Test {
    bytes32 internal constant CONFIG_UPDATE =
        0x1d2b0bda21d56b8bd12d4f94ebacffdfb35f5e226f84b461103bb8beab6353be;
    SystemConfig internal config;
    address internal owner;

    function _settings() internal returns (SystemConfig.Settings memory settings) {
        owner = makeAddr("owner");
        settings = SystemConfig.Settings({
            owner: owner,
            batcher: makeAddr("batcher"),
            unsafeBlockSigner: makeAddr("signer"),
            gasLimit: 30_000_000,
            basefeeScalar: 1368,
            blobbasefeeScalar: 801949,
            eip1559Denominator: 250,
            eip1559Elasticity: 6,
            operatorFeeScalar: 3,
            operatorFeeConstant: 4,
            minBaseFee: 5,
            daFootprintGasScalar: 400
        });
    }

    function setUp() public {
        SystemConfig.Addresses memory addresses;
        addresses.optimismPortal = makeAddr("portal");
        bytes memory data = abi.encodeCall(SystemConfig.initialize, (_settings(), addresses));
        vm.recordLogs();
        config = SystemConfig(address(new ERC1967Proxy(address(new SystemConfig()), data)));
    }

    /// @dev Checks the form that derivation parses strictly: three topics, offset 32, exact length.
    function _expectUpdate(Vm.Log memory log, uint8 updateType, bytes memory payload) internal pure {
        vm.assertEq(log.topics.length, 3);
        vm.assertEq(log.topics[0], CONFIG_UPDATE);
        vm.assertEq(uint256(log.topics[1]), 0);
        vm.assertEq(uint256(log.topics[2]), updateType);
        vm.assertEq(log.data, abi.encode(payload));
    }

    function _lastLog() internal returns (Vm.Log memory) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        return logs[logs.length - 1];
    }

    function test_initializeAnnouncesAllEightTypesInOrder() public {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 seen;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != CONFIG_UPDATE) continue;
            vm.assertEq(uint256(logs[i].topics[2]), seen);
            seen++;
        }
        vm.assertEq(seen, 8);
        vm.assertEq(
            bytes32(config.scalar()), 0x010000000000000000000000000000000000000000000000000c3c9d00000558
        );
        vm.assertEq(config.owner(), owner);
        vm.assertEq(config.optimismPortal(), makeAddr("portal"));
    }

    function testFuzz_settersAnnounceWhatDerivationReads(
        address batcher,
        uint32[4] memory words,
        uint64[3] memory longs,
        uint16 daScalar
    ) public {
        vm.startPrank(owner);
        config.setBatcherHash(bytes32(uint256(uint160(batcher))));
        _expectUpdate(_lastLog(), 0, abi.encode(batcher));

        config.setGasConfigEcotone(words[0], words[1]);
        uint256 scalar = (uint256(1) << 248) | (uint256(words[1]) << 32) | words[0];
        _expectUpdate(_lastLog(), 1, abi.encode(uint256(0), scalar));

        uint64 gasLimit = uint64(bound(longs[0], 21_000_000, 500_000_000));
        config.setGasLimit(gasLimit);
        _expectUpdate(_lastLog(), 2, abi.encode(gasLimit));

        config.setUnsafeBlockSigner(batcher);
        _expectUpdate(_lastLog(), 3, abi.encode(batcher));
        vm.assertEq(
            vm.load(address(config), keccak256("systemconfig.unsafeblocksigner")),
            bytes32(uint256(uint160(batcher)))
        );

        uint32 denominator = uint32(bound(words[2], 1, type(uint32).max));
        uint32 elasticity = uint32(bound(words[3], 1, type(uint32).max));
        config.setEIP1559Params(denominator, elasticity);
        _expectUpdate(_lastLog(), 4, abi.encodePacked(bytes24(0), denominator, elasticity));

        config.setOperatorFeeScalars(words[0], longs[1]);
        _expectUpdate(_lastLog(), 5, abi.encodePacked(bytes20(0), words[0], longs[1]));

        config.setMinBaseFee(longs[2]);
        _expectUpdate(_lastLog(), 6, abi.encode(longs[2]));

        config.setDAFootprintGasScalar(daScalar);
        _expectUpdate(_lastLog(), 7, abi.encode(daScalar));
    }

    function test_onlyTheOwnerChangesSettings() public {
        bytes[8] memory calls = [
            abi.encodeCall(SystemConfig.setBatcherHash, (bytes32(uint256(1)))),
            abi.encodeCall(SystemConfig.setGasConfig, (1, 1)),
            abi.encodeCall(SystemConfig.setGasLimit, (30_000_000)),
            abi.encodeCall(SystemConfig.setUnsafeBlockSigner, (address(1))),
            abi.encodeCall(SystemConfig.setEIP1559Params, (1, 1)),
            abi.encodeCall(SystemConfig.setOperatorFeeScalars, (1, 1)),
            abi.encodeCall(SystemConfig.setMinBaseFee, (1)),
            abi.encodeCall(SystemConfig.setDAFootprintGasScalar, (1))
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            (bool byStranger,) = address(config).call(calls[i]);
            vm.assertFalse(byStranger);
            vm.prank(owner);
            (bool byOwner,) = address(config).call(calls[i]);
            vm.assertTrue(byOwner);
        }
    }

    function test_refusesSettingsThatWouldBreakTheRollup() public {
        vm.startPrank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(
                SystemConfig.GasLimitOutOfRange.selector, 20_999_999, 21_000_000, 500_000_000
            )
        );
        config.setGasLimit(20_999_999);
        vm.expectRevert(SystemConfig.InvalidEip1559Params.selector);
        config.setEIP1559Params(0, 6);
        vm.expectRevert(SystemConfig.InvalidEip1559Params.selector);
        config.setEIP1559Params(250, 0);
        vm.expectRevert(
            abi.encodeWithSelector(SystemConfig.InvalidBatcherHash.selector, bytes32(uint256(1) << 160))
        );
        config.setBatcherHash(bytes32(uint256(1) << 160));
        vm.expectRevert(abi.encodeWithSelector(SystemConfig.InvalidScalar.selector, uint256(1) << 248));
        config.setGasConfig(0, uint256(1) << 248);
    }

    function test_initializesOnce() public {
        SystemConfig.Addresses memory addresses;
        SystemConfig.Settings memory settings = _settings();
        vm.expectRevert();
        config.initialize(settings, addresses);
        SystemConfig code = new SystemConfig();
        vm.expectRevert();
        code.initialize(settings, addresses);
    }

    function test_gasTokenIsNeitherEtherNorAToken() public view {
        (address token, uint8 decimals) = config.gasPayingToken();
        vm.assertEq(token, address(config));
        vm.assertEq(uint256(decimals), 18);
    }
}
