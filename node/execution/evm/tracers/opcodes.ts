/** geth's names of instructions, by their code in hex. Source: op-geth v1.101701.0, core/vm/opcodes.go. */
const LISTED = `
  00:STOP 01:ADD 02:MUL 03:SUB 04:DIV 05:SDIV 06:MOD 07:SMOD 08:ADDMOD 09:MULMOD 0a:EXP 0b:SIGNEXTEND
  10:LT 11:GT 12:SLT 13:SGT 14:EQ 15:ISZERO 16:AND 17:OR 18:XOR 19:NOT 1a:BYTE 1b:SHL 1c:SHR 1d:SAR
  1e:CLZ 20:KECCAK256 30:ADDRESS 31:BALANCE 32:ORIGIN 33:CALLER 34:CALLVALUE 35:CALLDATALOAD
  36:CALLDATASIZE 37:CALLDATACOPY 38:CODESIZE 39:CODECOPY 3a:GASPRICE 3b:EXTCODESIZE 3c:EXTCODECOPY
  3d:RETURNDATASIZE 3e:RETURNDATACOPY 3f:EXTCODEHASH 40:BLOCKHASH 41:COINBASE 42:TIMESTAMP 43:NUMBER
  44:DIFFICULTY 45:GASLIMIT 46:CHAINID 47:SELFBALANCE 48:BASEFEE 49:BLOBHASH 4a:BLOBBASEFEE 4b:SLOTNUM 50:POP
  51:MLOAD 52:MSTORE 53:MSTORE8 54:SLOAD 55:SSTORE 56:JUMP 57:JUMPI 58:PC 59:MSIZE 5a:GAS 5b:JUMPDEST
  5c:TLOAD 5d:TSTORE 5e:MCOPY 5f:PUSH0 a0:LOG0 a1:LOG1 a2:LOG2 a3:LOG3 a4:LOG4 f0:CREATE f1:CALL
  f2:CALLCODE f3:RETURN f4:DELEGATECALL f5:CREATE2 fa:STATICCALL fd:REVERT fe:INVALID ff:SELFDESTRUCT
`;

const NAMES: readonly string[] = (() => {
  const names = Array.from({ length: 256 }, (_, code) => `opcode 0x${code.toString(16)} not defined`);
  for (const entry of LISTED.trim().split(/\s+/)) {
    const [code, name] = entry.split(":");
    names[Number.parseInt(code!, 16)] = name!;
  }
  for (let i = 1; i <= 32; i++) names[0x5f + i] = `PUSH${i}`;
  for (let i = 1; i <= 16; i++) {
    names[0x7f + i] = `DUP${i}`;
    names[0x8f + i] = `SWAP${i}`;
  }
  return names;
})();

/** What geth calls an instruction. */
export function opcodeName(code: number): string {
  return NAMES[code]!;
}
