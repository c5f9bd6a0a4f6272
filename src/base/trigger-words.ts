/**
 * Words that make PowerShell write a script block to the event log (4104, as a warning) although nobody switched logging on: anywhere in
 * the text, in any case, comments included. The list of Windows PowerShell 5.1 and PowerShell 7, from the public source of
 * `SuspiciousContentChecker` and its predecessor:
 * https://github.com/PowerShell/PowerShell/blob/master/src/System.Management.Automation/engine/runtime/CompiledScriptBlock.cs
 */
const WORDS = `
Add-Type DllImport DefineDynamicAssembly DefineDynamicModule DefineType DefineConstructor CreateType DefineLiteral DefineEnum DefineField
ILGenerator Emit UnverifiableCodeAttribute DefinePInvokeMethod GetTypes GetAssemblies Methods Properties GetConstructor GetDefaultMembers
GetEvent GetField GetInterface GetMember GetMethod GetNestedType GetProperties GetProperty InvokeMember MakeArrayType MakeByRefType
MakeGenericType MakePointerType DeclaringMethod DeclaringType ReflectedType TypeHandle TypeInitializer UnderlyingSystemType
InteropServices Marshal AllocHGlobal PtrToStructure StructureToPtr FreeHGlobal IntPtr MemoryStream DeflateStream FromBase64String
EncodedCommand Bypass ToBase64String ExpandString GetPowerShell OpenProcess VirtualAlloc VirtualFree WriteProcessMemory CreateUserThread
CloseHandle GetDelegateForFunctionPointer kernel32 advapi32 msvcrt CreateThread memcpy LoadLibrary GetModuleHandle GetProcAddress
VirtualProtect FreeLibrary ReadProcessMemory CreateRemoteThread AdjustTokenPrivileges WriteByte WriteInt32 OpenThreadToken PtrToString
ZeroFreeGlobalAllocUnicode OpenProcessToken GetTokenInformation SetThreadToken ImpersonateLoggedOnUser RevertToSelf GetLogonSessionData
CreateProcessWithToken DuplicateTokenEx OpenWindowStation OpenDesktop MiniDumpWriteDump AddSecurityPackage EnumerateSecurityPackages
GetProcessHandle DangerousGetHandle CryptoServiceProvider Cryptography RijndaelManaged SHA1Managed CryptoStream CreateEncryptor
CreateDecryptor TransformFinalBlock DeviceIoControl SetInformationProcess PasswordDeriveBytes GetAsyncKeyState GetKeyboardState
GetForegroundWindow BindingFlags NonPublic ScriptBlockLogging LogPipelineExecutionDetails ProtectedEventLogging
`;

const PATTERN = new RegExp(WORDS.trim().split(/\s+/).join("|"), "gi");

/** The trigger words in a text, as they stand there. */
export function triggerWords(text: string): string[] {
	return text.match(PATTERN) ?? [];
}

/** The text with `gap` inside every trigger word, so that none is left. */
export function withoutTriggerWords(text: string, gap: string): string {
	const broken = text.replace(PATTERN, (word) => `${word.slice(0, 2)}${gap}${word.slice(2)}`);
	// Of two words that overlap the second shows once the first is broken.
	return triggerWords(broken).length === 0 ? broken : withoutTriggerWords(broken, gap);
}
