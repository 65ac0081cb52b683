// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GasPriceOracle} from "../../src/l2/GasPriceOracle.sol";
import {L1Block} from "../../src/l2/L1Block.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Artifacts} from "../lib/Artifacts.sol";
import {Test} from "../lib/Test.sol";

contract GasPriceOracleTest is Test {
    GasPriceOracle internal oracle;
    /// @dev The oracle of contracts-bedrock, which knows the rules up to Fjord.
    GasPriceOracle internal stock;

    function setUp() public {
        vm.etch(Predeploys.L1_BLOCK, address(new L1Block()).code);
        oracle = new GasPriceOracle();
        stock = GasPriceOracle(makeAddr("stock oracle"));
        vm.etch(address(stock), vm.getDeployedCode(Artifacts.stock("GasPriceOracle")));
        _setL1(1368, 801949, 1_234_567_891, 17, 0, 0);
    }

    function _setL1(
        uint32 baseScalar,
        uint32 blobScalar,
        uint256 basefee,
        uint256 blobBaseFee,
        uint32 operatorScalar,
        uint64 operatorConstant
    ) internal {
        bytes memory head = abi.encodePacked(
            hex"098999be", baseScalar, blobScalar, new bytes(24), basefee, blobBaseFee
        );
        vm.prank(Predeploys.DEPOSITOR_ACCOUNT);
        (bool success,) =
            Predeploys.L1_BLOCK.call(abi.encodePacked(head, new bytes(64), operatorScalar, operatorConstant));
        vm.assertTrue(success);
    }

    function _activate(uint256 forks) internal {
        bytes32 flags;
        if (forks > 0) flags = bytes32(uint256(0x01010101) & ((1 << (8 * forks)) - 1));
        vm.store(address(oracle), 0, flags);
        vm.store(address(stock), 0, bytes32(uint256(flags) & 0xffff));
    }

    function testFuzz_agreesWithTheStockOracleUpToFjord(bytes memory data, uint32 baseScalar, uint64 basefee)
        public
    {
        // The stock oracle multiplies 16 x scalar in 32 bits.
        _setL1(uint32(bound(baseScalar, 0, 1 << 27)), 801949, basefee, 17, 0, 0);
        for (uint256 forks = 0; forks <= 2; forks++) {
            _activate(forks);
            vm.assertEq(oracle.getL1Fee(data), stock.getL1Fee(data));
            vm.assertEq(oracle.getL1GasUsed(data), stock.getL1GasUsed(data));
        }
        vm.assertEq(oracle.getL1FeeUpperBound(data.length), stock.getL1FeeUpperBound(data.length));
    }

    /// @dev 160 bytes that do not compress lift the size above its least value; behind them everything repeats.
    function testFuzz_fastLzAgreesOnRepetitiveData(uint256 seed, uint16 length, uint8 alphabet) public {
        bytes memory data = new bytes(bound(length, 160, 3000));
        uint256 symbols = bound(alphabet, 1, 6);
        for (uint256 i = 0; i < data.length; i++) {
            if (i % 32 == 0) seed = uint256(keccak256(abi.encode(seed)));
            data[i] = bytes1(uint8((seed >> (8 * (i % 32))) % (i < 160 ? 256 : symbols)));
        }
        _activate(2);
        vm.assertEq(oracle.getL1GasUsed(data), stock.getL1GasUsed(data));
    }

    function test_operatorFee() public {
        _setL1(0, 0, 0, 0, 2_000_000, 77);
        _activate(2);
        vm.assertEq(oracle.getOperatorFee(21_000), 0);
        _activate(3);
        vm.assertEq(oracle.getOperatorFee(21_000), 42_000 + 77);
        _activate(4);
        vm.assertEq(oracle.getOperatorFee(21_000), 21_000 * 2_000_000 * 100 + 77);
    }

    function test_forksActivateInOrder() public {
        vm.startPrank(Predeploys.DEPOSITOR_ACCOUNT);
        vm.expectRevert(GasPriceOracle.WrongForkOrder.selector);
        oracle.setJovian();
        oracle.setEcotone();
        oracle.setFjord();
        oracle.setIsthmus();
        oracle.setJovian();
        vm.expectRevert(GasPriceOracle.WrongForkOrder.selector);
        oracle.setJovian();
        vm.stopPrank();
        vm.assertEq(vm.load(address(oracle), 0), bytes32(uint256(0x01010101)));

        vm.expectRevert(GasPriceOracle.NotDepositor.selector);
        oracle.setEcotone();
    }

    function test_upgradeSelectors() public pure {
        vm.assertEq(bytes32(GasPriceOracle.setEcotone.selector), bytes32(bytes4(0x22b90ab3)));
        vm.assertEq(bytes32(GasPriceOracle.setFjord.selector), bytes32(bytes4(0x8e98b106)));
        vm.assertEq(bytes32(GasPriceOracle.setIsthmus.selector), bytes32(bytes4(0x291b0383)));
        vm.assertEq(bytes32(GasPriceOracle.setJovian.selector), bytes32(bytes4(0xb3d72079)));
    }
}
