/**
 * Commands of Windows PowerShell 5.1 (5.1.14393) with their parameters: those that our scripts use, and those that tests of the lint need. A
 * command that is missing here is a finding: first make sure that 5.1 has it, then add its line. Read from the public list of
 * PSScriptAnalyzer (MIT): https://github.com/PowerShell/PSScriptAnalyzer/tree/main/Engine/Settings
 */
const COMMANDS = `
Add-Content: Confirm Credential Encoding Exclude Filter Force Include LiteralPath NoNewline PassThru Path Stream UseTransaction Value WhatIf
Add-Type: AssemblyName CodeDomProvider CompilerParameters IgnoreWarnings Language LiteralPath MemberDefinition Name Namespace OutputAssembly OutputType PassThru Path ReferencedAssemblies TypeDefinition UsingNamespace
Compare-Object: CaseSensitive Culture DifferenceObject ExcludeDifferent IncludeEqual PassThru Property ReferenceObject SyncWindow
ConvertFrom-Json: InputObject
ConvertTo-Json: Compress Depth InputObject
Copy-Item: Confirm Container Credential Destination Exclude Filter Force FromSession Include LiteralPath PassThru Path Recurse ToSession UseTransaction WhatIf
Export-Clixml: Confirm Depth Encoding Force InputObject LiteralPath NoClobber Path WhatIf
Export-Csv: Append Confirm Delimiter Encoding Force InputObject LiteralPath NoClobber NoTypeInformation Path UseCulture WhatIf
ForEach-Object: ArgumentList Begin Confirm End InputObject MemberName Process RemainingScripts WhatIf
Get-Acl: AllCentralAccessPolicies Audit Exclude Filter Include InputObject LiteralPath Path UseTransaction
Get-ChildItem: Attributes Depth Directory Exclude File Filter Force Hidden Include LiteralPath Name Path ReadOnly Recurse System UseTransaction
Get-CimInstance: CimSession ClassName ComputerName Filter InputObject KeyOnly Namespace OperationTimeoutSec Property Query QueryDialect ResourceUri Shallow
Get-Command: All ArgumentList CommandType FullyQualifiedModule ListImported Module Name Noun ParameterName ParameterType ShowCommandInfo Syntax TotalCount Verb
Get-Content: Credential Delimiter Encoding Exclude Filter Force Include LiteralPath Path Raw ReadCount Stream Tail TotalCount UseTransaction Wait
Get-Date: Date Day DisplayHint Format Hour Millisecond Minute Month Second UFormat Year
Get-FileHash: Algorithm InputStream LiteralPath Path
Get-Item: Credential Exclude Filter Force Include LiteralPath Path Stream UseTransaction
Get-ItemProperty: Credential Exclude Filter Include LiteralPath Name Path UseTransaction
Get-Location: PSDrive PSProvider Stack StackName UseTransaction
Get-Member: Force InputObject MemberType Name Static View
Get-Process: ComputerName FileVersionInfo Id IncludeUserName InputObject Module Name
Get-Service: ComputerName DependentServices DisplayName Exclude Include InputObject Name RequiredServices
Get-Variable: Exclude Include Name Scope ValueOnly
Get-WinEvent: ComputerName Credential FilterHashtable FilterXPath FilterXml Force ListLog ListProvider LogName MaxEvents Oldest Path ProviderName
Group-Object: AsHashTable AsString CaseSensitive Culture InputObject NoElement Property
Import-Csv: Delimiter Encoding Header LiteralPath Path UseCulture
Invoke-CimMethod: Arguments CimClass CimSession ClassName ComputerName Confirm InputObject MethodName Namespace OperationTimeoutSec Query QueryDialect ResourceUri WhatIf
Invoke-RestMethod: Body Certificate CertificateThumbprint ContentType Credential DisableKeepAlive Headers InFile MaximumRedirection Method OutFile PassThru Proxy ProxyCredential ProxyUseDefaultCredentials SessionVariable TimeoutSec TransferEncoding Uri UseBasicParsing UseDefaultCredentials UserAgent WebSession
Invoke-WebRequest: Body Certificate CertificateThumbprint ContentType Credential DisableKeepAlive Headers InFile MaximumRedirection Method OutFile PassThru Proxy ProxyCredential ProxyUseDefaultCredentials SessionVariable TimeoutSec TransferEncoding Uri UseBasicParsing UseDefaultCredentials UserAgent WebSession
Join-Path: ChildPath Credential Path Resolve UseTransaction
Measure-Object: Average Character IgnoreWhiteSpace InputObject Line Maximum Minimum Property Sum Word
New-Item: Confirm Credential Force ItemType Name Path UseTransaction Value WhatIf
New-Object: ArgumentList ComObject Property Strict TypeName
Out-File: Append Confirm Encoding FilePath Force InputObject LiteralPath NoClobber NoNewline WhatIf Width
Out-Null: InputObject
Out-String: InputObject Stream Width
Read-Host: AsSecureString Prompt
Remove-Item: Confirm Credential Exclude Filter Force Include LiteralPath Path Recurse Stream UseTransaction WhatIf
Restart-Service: Confirm DisplayName Exclude Force Include InputObject Name PassThru WhatIf
Select-Object: ExcludeProperty ExpandProperty First Index InputObject Last Property Skip SkipLast Unique Wait
Select-String: AllMatches CaseSensitive Context Encoding Exclude Include InputObject List LiteralPath NotMatch Path Pattern Quiet SimpleMatch
Set-Acl: AclObject CentralAccessPolicy ClearCentralAccessPolicy Confirm Exclude Filter Include InputObject LiteralPath Passthru Path UseTransaction WhatIf
Set-Content: Confirm Credential Encoding Exclude Filter Force Include LiteralPath NoNewline PassThru Path Stream UseTransaction Value WhatIf
Set-ItemProperty: Confirm Credential Exclude Filter Force Include InputObject LiteralPath Name PassThru Path UseTransaction Value WhatIf
Set-PSDebug: Off Step Strict Trace
Set-StrictMode: Off Version
Set-Variable: Confirm Description Exclude Force Include Name Option PassThru Scope Value Visibility WhatIf
Sort-Object: CaseSensitive Culture Descending InputObject Property Unique
Split-Path: Credential IsAbsolute Leaf LiteralPath NoQualifier Parent Path Qualifier Resolve UseTransaction
Start-Process: ArgumentList Credential FilePath LoadUserProfile NoNewWindow PassThru RedirectStandardError RedirectStandardInput RedirectStandardOutput UseNewEnvironment Verb Wait WindowStyle WorkingDirectory
Start-Service: Confirm DisplayName Exclude Include InputObject Name PassThru WhatIf
Start-Sleep: Milliseconds Seconds
Start-Transcript: Append Confirm Force IncludeInvocationHeader LiteralPath NoClobber OutputDirectory Path WhatIf
Stop-Service: Confirm DisplayName Exclude Force Include InputObject Name NoWait PassThru WhatIf
Tee-Object: Append FilePath InputObject LiteralPath Variable
Test-Path: Credential Exclude Filter Include IsValid LiteralPath NewerThan OlderThan Path PathType UseTransaction
Where-Object: CContains CEQ CGE CGT CIn CLE CLT CLike CMatch CNE CNotContains CNotIn CNotLike CNotMatch Contains EQ FilterScript GE GT In InputObject Is IsNot LE LT Like Match NE NotContains NotIn NotLike NotMatch Property Value
Write-Error: Category CategoryActivity CategoryReason CategoryTargetName CategoryTargetType ErrorId ErrorRecord Exception Message RecommendedAction TargetObject
Write-Host: BackgroundColor ForegroundColor NoNewline Object Separator
Write-Output: InputObject NoEnumerate
Write-Verbose: Message
Write-Warning: Message
`;

/** https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_commonparameters?view=powershell-5.1 */
const COMMON =
	"debug erroraction errorvariable informationaction informationvariable outbuffer outvariable pipelinevariable verbose warningaction warningvariable";

const words = (text: string) => new Set(text.toLowerCase().split(" "));
const common = words(COMMON);
const commands = new Map(
	COMMANDS.trim()
		.split("\n")
		.map((line) => {
			const [name = "", parameters = ""] = line.split(": ");
			return [name.toLowerCase(), words(parameters)] as const;
		}),
);

/** Whether 5.1 has a command of ours, in any letter case. */
export const hasCommand51 = (name: string): boolean => commands.has(name.toLowerCase());

/** Whether it has a parameter of a command, spelled out, in any letter case. */
export function hasParameter51(command: string, parameter: string): boolean {
	const name = parameter.toLowerCase();
	return common.has(name) || (commands.get(command.toLowerCase())?.has(name) ?? false);
}
