# Makes Claude Code, Codex CLI, Gemini CLI and Qwen Code on this machine send their telemetry to Torii with the current token.
#
# For a developer's own machine. Made by otel-crossfade 0.1.0; make it again rather than edit it.
# Usage, in PowerShell 5.1 or newer; no administrator is needed:
#   irm ADDRESS | iex                                       asks for the token
#   & ([scriptblock]::Create((irm ADDRESS))) -DryRun        with options; so run, the exit code is in $LASTEXITCODE
#   powershell.exe -NoProfile -File install.ps1 -DryRun     a copy of the file
# Where the execution policy runs no files, the first two still work. Where AppLocker or App Control restricts the language, it ends with 13.
# Options as PowerShell has them work too: -DryRun, -Report, -Uninstall, -NoHost, -Endpoint URL, -Clis codex,gemini; also in the variables
# CROSSFADE_OPTIONS (words with blanks between) and CROSSFADE_ENDPOINT.
# It configures the account it runs as and downloads nothing. CLIs inside WSL are not looked at.
# Afterwards crossfade doctor, or this script with -Report, shows what each CLI uses.
# The token is asked for and not shown, or comes from the file that CROSSFADE_TOKEN_FILE names; to a file also on standard input.
# Before it asks, it says which files it sets, where the data goes and what is sent. Tracing (Set-PSDebug) is off afterwards.
#
# What it does, in this order: reads the token; finds the accounts of people; finds their CLIs and releases from files, without
# running any; works out what each configuration file should hold; checks that it can parse the file; backs it up before a change;
# replaces it whole; prints one line. It keeps owner and access list of every file, follows no link, downloads nothing and sends
# nothing. It changes nothing but its own settings; a second run changes nothing.
#
# Options, as words, with or without -- in front:
#   install | report | uninstall  what to do (in this file: install)
#   help                          show this text
#   self-test                     try the editor on made-up files in a scratch folder
#   dry-run                       say what would change, change nothing
#   clis=NAME,NAME                which of claude-code, codex, gemini, qwen-code (all)
#   scope=system | scope=user     files for the whole machine, which users cannot override and every account can read, or files in
#                                 the homes (user)
#   users=all | users=self        every person's account, or the one this runs as (self)
#   endpoint=URL                  where to send (https://ai-events.toriihq.com)
#   host | no-host                send the machine's name and id too (host)
#   prompts, responses, tools     send prompts, answers, tool inputs too (none of them)
#   expect=FINGERPRINT            which token it should be
#   records                       print fields with tabs between, for a program: kind, CLI, file, text
#
# The last line of output is the report:
#   crossfade ok|drift|absent|refused|error fp=FINGERPRINT|none|mixed cfg=1 cli=NAME:STATE,... users=N [skipped=N] [gone=N] [wsl=N]
# fp: the first 12 hex digits of SHA-256 over the token. State of a CLI: ok; drift (set differently); absent (not found); old (a
# release that cannot be set); stale (set, but a background process still has the old token); unknown (it may not start); refused (a
# person must change its file); error. users: accounts looked at; skipped: homes that could not be looked at; gone: homes that were
# removed; wsl: accounts with a Linux in WSL, whose CLIs are not looked at.
#
# Exit codes: 0 success; 1 a bug; 2 an option is wrong; 9 report: no CLI that was found is set; 10 report: drift; the install script
# ends it; 11 refused: the token, or a file that cannot be parsed or safely replaced; 12 a file could not be written; such files are
# unchanged; 13 this system, or PowerShell as it is restricted here, cannot run the script.
#
# Contents, by line:
#     81  Settings and vehicle
#    134  CLIs: their files, settings and signs
#    513  Editor of JSON and TOML files
#   2330  Output
#   2425  Options
#   2533  Token
#   2606  Machine: its system, people and CLIs
#   2974  Lock
#   3019  Files
#   3947  Background processes
#   4004  The work
#   4134  What a person is told
#   4194  Start
(& {
Set-PSDebug -Off
# PowerShell reads all of a text before it runs any of it, and this is one statement up to its last character: of a text that was cut off
# nothing runs. A session that runs it as text keeps nothing of it but its exit code, in $LASTEXITCODE, and does not end.
$SCRIPT_PATH = ({}).File
if ([string]$ExecutionContext.SessionState.LanguageMode -cne 'FullLanguage') {
  'error: PowerShell is restricted here (by a policy for this machine), and does not run what this script needs'
  'crossfade error fp=none cfg=1 cli= users=0'
  if ($SCRIPT_PATH) { exit 13 }
  $global:LASTEXITCODE = 13
  return
}
$PSDefaultParameterValues = @{}
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$feed = $args[0]
$given = @($args[1])
$errors = @($Error)

# ---- Settings and vehicle ----
# Everything below this section is the same for all vehicles.

$run = @{
  Action = 'install'; Endpoint = 'https://ai-events.toriihq.com'; Clis = @('claude-code', 'codex', 'gemini', 'qwen-code'); Scope = 'user'; Accounts = 'self'
  Features = @('host', 'no-helper', 'no-prompts', 'no-responses', 'no-tools', 'no-restart')
  Options = @(); DryRun = $false; WantsHelp = $false; Expect = ''; Complaint = ''; Token = ''; MachineName = ''
  Self = ''; IsAdmin = $false; Places = @{}; Root = ''; Lock = $null; MayWrite = $true; Repaired = $true; Trace = $true
  People = @(); Machine = @{}; Users = 0; Skipped = 0; Gone = 0; Linux = 0
  States = @{}; Fingerprints = 'none'; Worst = 0; Refused = $false; Finished = $false
  Records = $false; Changed = $false; Code = 12
}
$ACTIONS = @('install', 'report', 'uninstall', 'self-test')
$KNOWN = @('claude-code', 'codex', 'gemini', 'qwen-code')
$SYSTEMS = @('windows')
$LONGEST_TOKEN = 4096
$TOKEN_HINT = 'set the variable CROSSFADE_TOKEN_FILE to the name of a file that holds it, or see the top of this script'
$LARGEST = 10485760
$BACKUPS = 3
$PATIENCE = 60
$LOCK_WAIT = 5000
$LATIN1 = [System.Text.Encoding]::GetEncoding(28591)
$SEPARATOR = [string][System.IO.Path]::DirectorySeparatorChar
$ON_WINDOWS = $SEPARATOR -ceq '\'
$ABSENT = New-Object object

# What the vehicle passes besides the token: sets Options of $run. $given are the arguments of the script.
function Set-Given {
  if ($env:CROSSFADE_ENDPOINT) { $run.Endpoint = [string]$env:CROSSFADE_ENDPOINT }
  $run.Options = @(([string]$env:CROSSFADE_OPTIONS).Split(' ')) + @(Get-Words $given)
}

# The token: sets Token of $run. Nothing but this process ever sees it.
function Set-GivenToken {
  if ($env:CROSSFADE_TOKEN_FILE) { Read-TokenFile }
  # What is run as text may stand in a program that has other things on standard input.
  elseif ([Console]::IsInputRedirected) { if ($SCRIPT_PATH) { Read-TokenInput } }
  else { Read-TokenPrompt }
}

# What the vehicle wants around the line of a report.
function Write-Report($line) { Write-Line $line }

# What is left for the vehicle to find; neither the state nor the line is secret.
function Save-Trace($state, $line) {
  return
}

# The vehicle's exit code for ours.
function Get-ExitCode($code) {
  return $code
}

# ---- CLIs: their files, settings and signs ----

$CLIS = @{
  'claude-code' = @{
    System = @{
      File = '%ProgramFiles%/ClaudeCode/managed-settings.d/50-crossfade.json'; Closed = ''
      Format = 'json'; Since = '2.1.83'
      SinceWith = @()
      Demands = @()
      Rows = @(
        @('', 'drop', '/env/OTEL_EXPORTER_OTLP_LOGS_ENDPOINT /env/OTEL_EXPORTER_OTLP_LOGS_HEADERS /env/OTEL_EXPORTER_OTLP_LOGS_PROTOCOL /env/OTEL_EXPORTER_OTLP_METRICS_ENDPOINT /env/OTEL_EXPORTER_OTLP_METRICS_HEADERS /env/OTEL_EXPORTER_OTLP_METRICS_PROTOCOL /env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT /env/OTEL_EXPORTER_OTLP_TRACES_HEADERS /env/OTEL_EXPORTER_OTLP_TRACES_PROTOCOL /env/OTEL_EXPORTER_OTLP_TIMEOUT /env/OTEL_EXPORTER_OTLP_LOGS_TIMEOUT /env/OTEL_EXPORTER_OTLP_METRICS_TIMEOUT'),
        @('', 'set', '/otelHeadersHelper', 'string', ''),
        @('', 'set', '/env/CLAUDE_CODE_ENABLE_TELEMETRY', 'string', '1'),
        @('', 'set', '/env/OTEL_LOGS_EXPORTER', 'string', 'otlp'),
        @('', 'set', '/env/OTEL_METRICS_EXPORTER', 'string', 'otlp'),
        @('', 'set', '/env/OTEL_TRACES_EXPORTER', 'string', 'none'),
        @('', 'set', '/env/OTEL_EXPORTER_OTLP_PROTOCOL', 'string', 'http/protobuf'),
        @('', 'set', '/env/OTEL_EXPORTER_OTLP_ENDPOINT', 'string', '{endpoint}'),
        @('', 'set', '/env/OTEL_EXPORTER_OTLP_HEADERS', 'string', 'Authorization=Bearer {token}'),
        @('prompts', 'set', '/env/OTEL_LOG_USER_PROMPTS', 'string', '1'),
        @('no-prompts', 'set', '/env/OTEL_LOG_USER_PROMPTS', 'string', '0'),
        @('responses', 'set', '/env/OTEL_LOG_ASSISTANT_RESPONSES', 'string', '1'),
        @('no-responses', 'set', '/env/OTEL_LOG_ASSISTANT_RESPONSES', 'string', '0'),
        @('tools', 'set', '/env/OTEL_LOG_TOOL_DETAILS', 'string', '1'),
        @('no-tools', 'set', '/env/OTEL_LOG_TOOL_DETAILS', 'string', '0'),
        @('', 'set', '/env/OTEL_LOG_TOOL_CONTENT', 'string', '0'),
        @('', 'set', '/env/OTEL_LOG_RAW_API_BODIES', 'string', '0'),
        @('', 'join', '/env/OTEL_RESOURCE_ATTRIBUTES'),
        @('host', 'set', '/env/OTEL_RESOURCE_ATTRIBUTES', 'string', '{host}')
      )
      Rivals = @(
        @{
          Words = @('=OTLP[A-Z_]*TIMEOUT|OTEL_([A-Z]+_EXPORT_[IT]|BLRP_[EM])[A-Z_]+" *($|: *($|[^"1-9 ]|"([^1-9]|[0-9]*[^0-9"])))'); HasKinds = $false
          Files = @(
            @('%ProgramFiles%/ClaudeCode/managed-settings.json', 'json', ''),
            @('%ProgramFiles%/ClaudeCode/managed-settings.d/*.json', 'json', '')
          )
        }
        @{
          Words = @('=OTLP[A-Z_]*TIMEOUT|OTEL_([A-Z]+_EXPORT_[IT]|BLRP_[EM])[A-Z_]+" *($|: *($|[^"1-9 ]|"([^1-9]|[0-9]*[^0-9"])))', '/otelHeadersHelper', '/env/OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', '/env/OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', '/env/OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'); HasKinds = $false
          Files = @(
            ,@('~/.claude.json', 'json', 'otelHeaders|OTLP_(LOGS|METRICS|TRACES)_|\\u00[4-7][0-9A-Fa-f][^"]*"\s*:')
          )
        }
        @{
          Words = @('=OTLP[A-Z_]*TIMEOUT|OTEL_([A-Z]+_EXPORT_[IT]|BLRP_[EM])[A-Z_]+" *($|: *($|[^"1-9 ]|"([^1-9]|[0-9]*[^0-9"])))', '/env/OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', '/env/OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', '/env/OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'); HasKinds = $false
          Files = @(
            ,@('{folder}/settings.json', 'json', '')
          )
        }
      )
      Merged = @{ Divert = 'OTLP_(LOGS|METRICS|TRACES)_|\\u00[4-7]'; Override = 'OTEL_|TELEMETRY|otelHeaders|\\u00[4-7]'; Policy = @('SOFTWARE\Policies\ClaudeCode', 'Settings', '2.1.223') }
    }
    User = @{
      Folder = '.claude'; File = 'settings.json'; Variable = 'CLAUDE_CONFIG_DIR'; Below = ''
      Tail = 17
      Format = 'json'; Since = '0.0.0'
      SinceWith = @()
      Demands = @('kind;env permissions hooks enabledPlugins attribution sandbox worktree pluginConfigs remote autoMode voice breakReminder quietHours remoteTools skillOverrides sandbox/network sandbox/filesystem sandbox/ignoreViolations allowedChannelPlugins/* pluginConfigs/* pluginConfigs/*/mcpServers pluginConfigs/*/options;object', 'kind;statusLine fileSuggestion;&type&command', 'kind;modelOverrides;strings', 'kind;spinnerVerbs;&mode&verbs', 'kind;model otelHeadersHelper apiKeyHelper outputStyle awsAuthRefresh awsCredentialExport language plansDirectory agent minimumVersion $schema proxyAuthHelper gcpAuthRefresh processWrapper attributionProject prUrlTemplate advisorModel requiredMinimumVersion requiredMaximumVersion timeFormat timeZone autoMemoryDirectory claudeMd pluginTrustMessage forceLoginOrgUUID attribution/commit attribution/pr statusLine/command fileSuggestion/command remote/defaultEnvironmentId quietHours/start sandbox/ripgrep/command hooks/PreToolUse/*/matcher hooks/PermissionRequest/*/matcher hooks/PreToolUse/*/hooks/*/command hooks/PermissionRequest/*/hooks/*/command;string', 'kind;autoUpdatesChannel;latest|stable|rc', 'kind;cleanupPeriodDays skillListingMaxDescChars totalTokensReminderBudget;count', 'kind;feedbackSurveyRate skillListingBudgetFraction statusLine/padding sandbox/network/httpProxyPort;number', 'kind;includeCoAuthoredBy includeGitInstructions enableAllProjectMcpServers disableAllHooks respectGitignore skipWebFetchPreflight spinnerTipsEnabled alwaysThinkingEnabled fastMode prefersReducedMotion autoMemoryEnabled channelsEnabled allowManagedHooksOnly wslInheritsWindowsSettings disableReplyCheck workflowKeywordTriggerEnabled bashEditDiffEnabled respondToBashCommands allowAllClaudeAiMcps allowClaudeInChromeWithManagedMcp allowNestedModelAccessUnderForceLogin forceRemoteSettingsRefresh clawdFileProgressEnabled syntaxHighlightingDisabled terminalTitleFromRename promptSuggestionEnabled emojiCompletionEnabled awaySummaryEnabled showClearContextOnPlanAccept doneMeansMerged totalTokensReminderAfterUserTurn autoDreamEnabled showThinkingSummaries verbose autoCompactEnabled precomputeCompactionEnabled idleCompaction switchModelsOnFlag autoScrollEnabled wheelScrollAccelerationEnabled fileCheckpointingEnabled showTurnDuration showMessageTimestamps terminalProgressBarEnabled todoFeatureEnabled inputNeededNotifEnabled agentPushNotifEnabled voiceEnabled axScreenReader skipAutoPermissionPrompt syncClaudeAiSkills syncClaudeAiPlugins enforceAvailableModels disableClaudeAiConnectors disableBundledSkills disableDirectMcpSkills disableAgentView disableRemoteControl disableWorkflows disableArtifact enableArtifact enableWorkflows disableSkillShellExecution disableWindowsBashCommandSplit allowManagedPermissionRulesOnly allowManagedMcpServersOnly disableCommandPluginSources disableSideloadFlags fastModePerSessionOptIn responseComparisonEnabled skipDangerousModePermissionPrompt skipWorkflowUsageWarning autoContinueAtUsageLimit remoteControlAtStartup isolatePeerMachines autoUploadSessions attribution/sessionUrl breakReminder/enabled quietHours/enabled voice/enabled voice/autoSubmit sandbox/enabled sandbox/failIfUnavailable sandbox/autoAllowBashIfSandboxed sandbox/allowUnsandboxedCommands sandbox/enableWeakerNestedSandbox sandbox/network/allowLocalBinding;boolean', 'kind;permissions/allow permissions/deny permissions/ask disabledMcpjsonServers strictKnownMarketplaces allowedChannelPlugins sshConfigs hooks/PreToolUse hooks/PermissionRequest hooks/PreToolUse/*/hooks hooks/PermissionRequest/*/hooks;list', 'kind;permissions/additionalDirectories companyAnnouncements availableModels httpHookAllowedEnvVars allowedHttpHookUrls fallbackModel pluginSuggestionMarketplaces claudeMdExcludes enabledMcpjsonServers autoMode/allow sandbox/excludedCommands sandbox/network/allowedDomains sandbox/filesystem/allowWrite sandbox/filesystem/denyWrite sandbox/filesystem/denyRead sandbox/filesystem/allowRead sandbox/ignoreViolations/* spinnerVerbs/verbs worktree/sparsePaths worktree/symlinkDirectories;texts', 'kind;desktopSessionCleanupPeriodDays;whole', 'kind;env/OTEL_METRIC_EXPORT_INTERVAL env/OTEL_METRIC_EXPORT_TIMEOUT env/OTEL_LOGS_EXPORT_INTERVAL env/OTEL_BLRP_EXPORT_TIMEOUT env/OTEL_BLRP_MAX_QUEUE_SIZE env/OTEL_BLRP_MAX_EXPORT_BATCH_SIZE;positive', 'kind;sshConfigs/*;&id&name&sshHost', 'kind;sandbox/ripgrep;&command', 'kind;strictKnownMarketplaces/* blockedMarketplaces/*;&source', 'kind;hooks/PreToolUse/* hooks/PermissionRequest/*;&hooks', 'kind;hooks/PreToolUse/*/hooks/* hooks/PermissionRequest/*/hooks/*;&type', 'kind;blockedMarketplaces;{list}|{null}', 'kind;enabledPlugins/*;{boolean}|{list}', 'kind;skillOverrides/*;on|name-only|user-invocable-only|off', 'kind;strictKnownMarketplaces/*/source blockedMarketplaces/*/source extraKnownMarketplaces/*/source/source;pluginDirectory|url|github|git|npm|file|directory|skills-dir|hostPattern|pathPattern|settings', 'kind;hooks/PreToolUse/*/hooks/*/type hooks/PermissionRequest/*/hooks/*/type;command|prompt|agent|http|mcp_tool', 'kind;parentSettingsBehavior managedSourcesBehavior;first-wins|merge', 'kind;disableAutoMode;disable|{null}', ('kind;disableDeepLinkRegistration permissions/disableAutoMode permissions/disableBy' + 'passPermissionsMode;disable|disable'), 'kind;feedbackDrafts;notify|quiet|off|{null}', 'kind;workflowSizeGuideline;unrestricted|small|medium|large', 'kind;defaultShell;bash|powershell', 'kind;defaultView;chat|transcript', 'kind;tui;default|fullscreen', 'kind;totalTokensReminder;off|infinite|fixed|countdown|padded-countdown', 'kind;daemonColdStart;transient|ask', ('kind;permissions/defaultMode;acceptEdits|auto|by' + 'passPermissions|default|dontAsk|plan'), 'kind;statusLine/type fileSuggestion/type;command|command', 'kind;spinnerVerbs/mode;append|replace', 'kind;voice/mode;hold|tap', 'kind;worktree/baseRef;fresh|head')
      Rows = @(
        @('', 'drop', '/env/OTEL_EXPORTER_OTLP_LOGS_ENDPOINT /env/OTEL_EXPORTER_OTLP_LOGS_HEADERS /env/OTEL_EXPORTER_OTLP_LOGS_PROTOCOL /env/OTEL_EXPORTER_OTLP_METRICS_ENDPOINT /env/OTEL_EXPORTER_OTLP_METRICS_HEADERS /env/OTEL_EXPORTER_OTLP_METRICS_PROTOCOL /env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT /env/OTEL_EXPORTER_OTLP_TRACES_HEADERS /env/OTEL_EXPORTER_OTLP_TRACES_PROTOCOL /env/OTEL_EXPORTER_OTLP_TIMEOUT /env/OTEL_EXPORTER_OTLP_LOGS_TIMEOUT /env/OTEL_EXPORTER_OTLP_METRICS_TIMEOUT /otelHeadersHelper'),
        @('', 'set', '/env/OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', 'string', '{endpoint}/v1/logs'),
        @('', 'set', '/env/OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'string', '{endpoint}/v1/metrics')
      )
      Rivals = @(
        @{
          Words = @('=OTLP[A-Z_]*TIMEOUT|OTEL_([A-Z]+_EXPORT_[IT]|BLRP_[EM])[A-Z_]+" *($|: *($|[^"1-9 ]|"([^1-9]|[0-9]*[^0-9"])))', '/otelHeadersHelper', '/env/CLAUDE_CODE_ENABLE_TELEMETRY', '/env/OTEL_LOGS_EXPORTER', '/env/OTEL_METRICS_EXPORTER', '/env/OTEL_TRACES_EXPORTER', '/env/OTEL_EXPORTER_OTLP_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_HEADERS', '/env/OTEL_EXPORTER_OTLP_PROTOCOL', '/env/OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_LOGS_HEADERS', '/env/OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', '/env/OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_METRICS_HEADERS', '/env/OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', '/env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_TRACES_HEADERS', '/env/OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'); HasKinds = $false
          Files = @(
            @('%ProgramFiles%/ClaudeCode/managed-settings.json', 'json', ''),
            @('%ProgramFiles%/ClaudeCode/managed-settings.d/*.json', 'json', '')
          )
        }
        @{
          Words = @('=OTLP[A-Z_]*TIMEOUT|OTEL_([A-Z]+_EXPORT_[IT]|BLRP_[EM])[A-Z_]+" *($|: *($|[^"1-9 ]|"([^1-9]|[0-9]*[^0-9"])))', '/otelHeadersHelper', '/env/OTEL_EXPORTER_OTLP_LOGS_HEADERS', '/env/OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', '/env/OTEL_EXPORTER_OTLP_METRICS_HEADERS', '/env/OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', '/env/OTEL_EXPORTER_OTLP_TRACES_HEADERS', '/env/OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', '/env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'); HasKinds = $false
          Files = @(
            ,@('~/.claude.json', 'json', 'otelHeaders|OTLP_(LOGS|METRICS|TRACES)_|\\u00[4-7][0-9A-Fa-f][^"]*"\s*:')
          )
        }
      )
      Beside = $null
    }
    Tokens = @('/env/OTEL_EXPORTER_OTLP_HEADERS')
    Lasting = $null
    Elsewhere = @()
    Open = @('kind;feedbackSurveyRate skillListingBudgetFraction;nothing', 'kind;extraKnownMarketplaces/*/source;&source', 'kind;hooks/PreToolUse/*/hooks/* hooks/PermissionRequest/*/hooks/*;^command^prompt^url^server')
    Title = 'Claude Code'; Program = 'claude'
    When = 'when Claude Code starts'
    Sends = @('when signed in: account e-mail, organisation and account ids; always: a random install id, session id, terminal type', 'models, token counts, cost, durations, tool names and whether each call was allowed, errors', 'host name and machine id, unless switched off (no-host)')
    Package = '@anthropic-ai/claude-code'
    MachineSigns = @(
      ,@('trace', '%ProgramFiles%/WinGet/Packages/Anthropic.ClaudeCode_*')
    )
    UserSigns = @(
      @('folder', 'scoop/apps/claude-code/*'),
      @('trace', '.local/bin/claude.exe'),
      @('trace', 'AppData/Local/Microsoft/WinGet/Packages/Anthropic.ClaudeCode_*'),
      @('trace', '.claude.json'),
      @('ours', '.claude/settings.json.crossfade-undo')
    )
  }
  'codex' = @{
    System = @{
      File = '%ProgramData%/OpenAI/Codex/requirements.toml'; Closed = ''
      Format = 'toml'; Since = '0.166.0'
      SinceWith = @()
      Demands = @('kind;otel/log_user_prompt otel/log_agent_responses otel/log_guardian_assessments otel/log_sse_deltas;boolean', 'kind;otel/environment otel/trace_exporter/*/endpoint;string', 'kind;otel/span_attributes otel/trace_exporter/*/headers otel/trace_exporter/*/tls;strings', 'kind;otel/tracestate otel/tool_result;object', 'kind;otel/tool_result/max_bytes;whole', 'form;otel/trace_exporter;none statsig;otlp-http:endpoint,protocol=binary|json otlp-grpc:endpoint', 'only;otel;exporter metrics_exporter trace_exporter environment log_agent_responses log_guardian_assessments log_sse_deltas log_user_prompt span_attributes tool_result tracestate')
      Rows = @(
        @('prompts', 'set', '/otel/log_user_prompt', 'bool', 'true'),
        @('no-prompts', 'set', '/otel/log_user_prompt', 'bool', 'false'),
        @('', 'keep', '/otel/trace_exporter'),
        @('', 'set', '/otel/trace_exporter', 'string', 'none'),
        @('no-tools', 'set', '/otel/tool_result/max_bytes', 'int', '0'),
        @('', 'drop', '/otel/exporter'),
        @('', 'set', '/otel/exporter/otlp-http/endpoint', 'string', '{endpoint}/v1/logs'),
        @('', 'set', '/otel/exporter/otlp-http/protocol', 'string', 'binary'),
        @('', 'set', '/otel/exporter/otlp-http/headers/Authorization', 'string', 'Bearer {token}'),
        @('', 'drop', '/otel/metrics_exporter'),
        @('', 'set', '/otel/metrics_exporter/otlp-http/endpoint', 'string', '{endpoint}/v1/metrics'),
        @('', 'set', '/otel/metrics_exporter/otlp-http/protocol', 'string', 'binary'),
        @('', 'set', '/otel/metrics_exporter/otlp-http/headers/Authorization', 'string', 'Bearer {token}')
      )
      Rivals = @(
        @{
          Words = @(); HasKinds = $true
          Files = @(
            @('%ProgramData%/OpenAI/Codex/config.toml', 'toml', ''),
            @('{folder}/managed_config.toml', 'toml', ''),
            @('{folder}/config.toml', 'toml', '')
          )
        }
        @{
          Words = @('(OTEL_[BE]|SSL_CERT_)[A-Z_]+'); HasKinds = $false
          Files = @(
            ,@('{folder}/.env', 'dotenv', '')
          )
        }
        @{
          Words = @(); HasKinds = $true
          Files = @(
            ,@('{folder}/*.config.toml', 'toml', '')
          )
        }
      )
      Merged = $null
    }
    User = @{
      Folder = '.codex'; File = 'config.toml'; Variable = 'CODEX_HOME'; Below = ''
      Tail = 13
      Format = 'toml'; Since = '0.0.0'
      SinceWith = @()
      Demands = @('kind;analytics/enabled allow_login_shell check_for_update_on_startup disable_paste_burst hide_agent_reasoning include_apps_instructions include_environment_context include_permissions_instructions show_raw_agent_reasoning suppress_unstable_features_warning agents/interrupt_message feedback/enabled sandbox_workspace_write/network_access sandbox_workspace_write/exclude_tmpdir_env_var shell_environment_policy/ignore_default_excludes shell_environment_policy/experimental_use_profile tui/animations mcp_servers/*/enabled otel/log_user_prompt otel/log_agent_responses otel/log_guardian_assessments otel/log_sse_deltas;boolean', 'kind;apps_mcp_product_sku chatgpt_base_url compact_prompt default_permissions developer_instructions instructions log_dir mcp_oauth_callback_url model model_catalog_json model_instructions_file model_provider model_reasoning_effort openai_base_url oss_provider plan_mode_reasoning_effort review_model service_tier sqlite_home agents/default_subagent_model tui/notifications/* tui/theme agents/*/description mcp_servers/*/command mcp_servers/*/url model_providers/*/name model_providers/*/base_url model_providers/*/env_key profiles/*/model profiles/*/model_provider otel/environment otel/trace_exporter/*/endpoint;string', 'kind;model_auto_compact_token_limit model_context_window agents/max_depth;int', 'kind;background_terminal_max_timeout mcp_oauth_callback_port project_doc_max_bytes tool_output_token_limit agents/job_max_runtime_seconds history/max_bytes model_providers/*/request_max_retries otel/tool_result/max_bytes;whole', 'kind;notify project_doc_fallback_filenames project_root_markers sandbox_workspace_write/writable_roots shell_environment_policy/exclude shell_environment_policy/include_only tui/status_line mcp_servers/*/args mcp_servers/*/enabled_tools;texts', 'kind;profile mcp_servers/*/bearer_token model_providers/openai;nothing', 'kind;agents analytics apps audio auto_review features feedback history hooks marketplaces mcp_servers memories model_providers notice otel permissions plugins profiles projects realtime sandbox_workspace_write shell_environment_policy skills tool_suggest tools tui windows skills/bundled agents/* apps/* marketplaces/* plugins/* profiles/* projects/* otel/tracestate otel/tool_result;object', 'kind;agents/max_threads;count', 'kind;history/persistence;save-all|none', 'kind;shell_environment_policy/inherit;core|all|none', 'kind;shell_environment_policy/set mcp_servers/*/env mcp_servers/*/http_headers model_providers/*/http_headers otel/tracestate/* otel/span_attributes otel/trace_exporter/*/headers otel/trace_exporter/*/tls;strings', 'kind;skills/config;list', 'kind;tools/web_search features/*;{boolean}|{object}', 'kind;tui/notifications;{boolean}|{list}', 'kind;tui/alternate_screen;auto|always|never', 'kind;tui/notification_method;auto|osc9|osc777|bel', 'kind;windows/sandbox;elevated|unelevated|mxc', 'kind;mcp_servers/*;^command^url', 'kind;mcp_servers/*/startup_timeout_sec;number', 'kind;model_providers/*;^name', 'kind;model_providers/*/wire_api;responses|responses', 'kind;profiles/*/approvals_reviewer approvals_reviewer;user|auto_review|guardian_subagent', 'kind;profiles/*/model_reasoning_summary model_reasoning_summary;auto|concise|detailed|none', 'kind;profiles/*/model_verbosity model_verbosity;low|medium|high', 'kind;profiles/*/personality personality;none|friendly|pragmatic', 'kind;profiles/*/sandbox_mode sandbox_mode;read-only|workspace-write|danger-full-access', 'kind;profiles/*/web_search web_search;disabled|cached|indexed|live', 'kind;profiles/*/approval_policy;untrusted|on-request|on-failure|never|{object}', 'kind;projects/*/trust_level;trusted|untrusted', 'kind;approval_policy;on-request|on-failure|never|{object}', 'kind;cli_auth_credentials_store;file|keyring|auto|ephemeral', 'kind;forced_login_method;chatgpt|api', 'kind;mcp_oauth_credentials_store;auto|file|keyring', 'kind;file_opener;vscode|vscode-insiders|windsurf|cursor|none', 'form;otel/trace_exporter;none statsig;otlp-http:endpoint,protocol=binary|json otlp-grpc:endpoint')
      Rows = @()
      Rivals = @(
        @{
          Words = @('/otel'); HasKinds = $true
          Files = @(
            @('%ProgramData%/OpenAI/Codex/config.toml', 'toml', ''),
            @('{folder}/managed_config.toml', 'toml', '')
          )
        }
        @{
          Words = @('/otel'); HasKinds = $false
          Files = @(
            ,@('%ProgramData%/OpenAI/Codex/requirements.toml', 'toml', '')
          )
        }
        @{
          Words = @('(OTEL_[BE]|SSL_CERT_)[A-Z_]+'); HasKinds = $false
          Files = @(
            ,@('{folder}/.env', 'dotenv', '')
          )
        }
        @{
          Words = @(); HasKinds = $true
          Files = @(
            ,@('{folder}/*.config.toml', 'toml', '')
          )
        }
      )
      Beside = @{ Ending = '.config.toml'; Divert = 'otlp|\\u' }
    }
    Tokens = @('/otel/exporter/otlp-http/headers/Authorization', '/otel/metrics_exporter/otlp-http/headers/Authorization')
    Lasting = @{ Program = 'codex'; Words = '--managed-daemon'; Variables = 'OTEL_EXPORTER_OTLP_[A-Z_]+'; Restart = 'codex app-server daemon restart' }
    Elsewhere = @('kind;otel/exporter/*/endpoint otel/metrics_exporter/*/endpoint;string', 'kind;otel/exporter/*/headers otel/exporter/*/tls otel/metrics_exporter/*/headers otel/metrics_exporter/*/tls;strings', 'form;otel/exporter;none statsig;otlp-http:endpoint,protocol=binary|json otlp-grpc:endpoint', 'form;otel/metrics_exporter;none statsig;otlp-http:endpoint,protocol=binary|json otlp-grpc:endpoint')
    Open = @('kind;model_instructions_file model_catalog_json permissions allowed_permission_profiles;nothing', 'kind;default_permissions;:read-only|:workspace|:danger-full-access', 'kind;model_provider;openai|ollama|lmstudio|amazon-bedrock|{/model_providers}', 'kind;approval_policy;string', 'kind;tools/web_search features/*;boolean', 'kind;agents/max_depth mcp_oauth_callback_port mcp_servers/*/startup_timeout_sec;small')
    Title = 'Codex CLI'; Program = 'codex'
    When = 'when Codex starts; its background daemon (0.158 and later) keeps the old token until it is restarted'
    Sends = @('when signed in: account e-mail and id; always: host name, conversation id, terminal type', 'models, token counts, durations, tool names', 'the full arguments of every tool call, such as commands and file contents; with the option tools also the first 2 KiB of its output')
    Package = '@openai/codex'
    MachineSigns = @(
      ,@('trace', '%ProgramFiles%/WinGet/Packages/OpenAI.Codex_*')
    )
    UserSigns = @(
      @('folder', 'scoop/apps/codex/*'),
      @('trace', 'AppData/Local/Microsoft/WinGet/Packages/OpenAI.Codex_*'),
      @('trace', '.codex/packages/standalone/current'),
      @('trace', '.codex/installation_id'),
      @('trace', '.codex/config.toml'),
      @('ours', '.codex/config.toml.crossfade-undo')
    )
  }
  'gemini' = @{
    System = @{
      File = '%ProgramData%/gemini-cli/settings.json'; Closed = '0.60.0'
      Format = 'jsonc'; Since = '0.40.1'
      SinceWith = @(
        ,@('prompts', '0.40.0')
      )
      Demands = @()
      Rows = @(
        @('', 'set', '/telemetry/enabled', 'bool', 'true'),
        @('', 'set', '/telemetry/target', 'string', 'local'),
        @('', 'set', '/telemetry/otlpEndpoint', 'string', '{endpoint}/{token}'),
        @('', 'set', '/telemetry/otlpProtocol', 'string', 'http'),
        @('prompts', 'set', '/telemetry/logPrompts', 'bool', 'true'),
        @('no-prompts', 'set', '/telemetry/logPrompts', 'bool', 'false'),
        @('', 'set', '/telemetry/traces', 'bool', 'false'),
        @('', 'set', '/telemetry/outfile', 'string', ''),
        @('', 'set', '/telemetry/useCollector', 'bool', 'false'),
        @('', 'set', '/telemetry/useCliAuth', 'bool', 'false')
      )
      LikeUser = $true
      Rivals = @(
        @{
          Words = @(); HasKinds = $true
          Files = @(
            @('{folder}/settings.json', 'jsonc', ''),
            @('%ProgramData%/gemini-cli/system-defaults.json', 'jsonc', '')
          )
        }
        @{
          Words = @('GEMINI_(SANDBOX|TELEMETRY_[A-Z_]+)', 'OTEL_(B|E|SDK)[A-Z_]+'); HasKinds = $false
          Files = @(
            @('{folder}/.env', 'dotenv', ''),
            @('~/.env', 'dotenv', '')
          )
        }
      )
      Merged = $null
    }
    User = @{
      Folder = '.gemini'; File = 'settings.json'; Variable = 'GEMINI_CLI_HOME'; Below = '/.gemini'
      Tail = 10
      Format = 'jsonc'; Since = '0.40.1'
      SinceWith = @(
        ,@('prompts', '0.40.0')
      )
      Demands = @('kind;security advanced experimental hooksConfig tools;object', 'kind;policyPaths adminPolicyPaths;{string}|{list}', 'kind;model/maxSessionTurns;number', 'kind;context/includeDirectories mcp/excluded mcp/allowed tools/exclude tools/allowed tools/confirmationRequired tools/core;texts', 'kind;experimental/extensionRegistryURI;string', 'kind;general/defaultApprovalMode;default|auto_edit|plan|yolo')
      Rows = @()
      Rivals = @(
        @{
          Words = @('/telemetry'); HasKinds = $true
          Files = @(
            ,@('%ProgramData%/gemini-cli/settings.json', 'jsonc', '')
          )
        }
        @{
          Words = @(); HasKinds = $true
          Files = @(
            ,@('%ProgramData%/gemini-cli/system-defaults.json', 'jsonc', '')
          )
        }
        @{
          Words = @('GEMINI_(SANDBOX|TELEMETRY_[A-Z_]+)', 'OTEL_(B|E|SDK)[A-Z_]+'); HasKinds = $false
          Files = @(
            @('{folder}/.env', 'dotenv', ''),
            @('~/.env', 'dotenv', '')
          )
        }
      )
      Beside = $null
    }
    Tokens = @('/telemetry/otlpEndpoint')
    Lasting = $null
    Elsewhere = @()
    Open = @('kind;tools/sandbox security/auth/enforcedType;nothing')
    Title = 'Gemini CLI'; Program = 'gemini'
    When = 'when Gemini CLI starts'
    Sends = @('when signed in with Google: account e-mail; always: host name, session and installation ids', 'models, token counts, durations, tool names, number of file operations', 'the command line of the process; with gemini -p it contains the prompt', 'the system prompt, including the text of GEMINI.md', 'logs, metrics and traces; it has no switch for a single signal')
    Package = '@google/gemini-cli'
    MachineSigns = @()
    UserSigns = @(
      @('folder', 'scoop/apps/gemini-cli/*'),
      @('trace', '.gemini/installation_id'),
      @('ours', '.gemini/settings.json.crossfade-undo')
    )
  }
  'qwen-code' = @{
    System = @{
      File = '%ProgramData%/qwen-code/settings.json'; Closed = ''
      Format = 'jsonc'; Since = '0.24.4'
      SinceWith = @()
      Demands = @()
      Rows = @(
        @('', 'drop', '/telemetry/otlpLogsEndpoint /telemetry/otlpMetricsEndpoint /env/QWEN_TELEMETRY_ENABLED /env/QWEN_TELEMETRY_OUTFILE /env/QWEN_TELEMETRY_TARGET /env/QWEN_TELEMETRY_OTLP_ENDPOINT /env/QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT /env/QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT /env/QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT /env/OTEL_EXPORTER_OTLP_ENDPOINT /env/OTEL_EXPORTER_OTLP_LOGS_ENDPOINT /env/OTEL_EXPORTER_OTLP_METRICS_ENDPOINT /env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT /env/OTEL_EXPORTER_OTLP_HEADERS /env/OTEL_EXPORTER_OTLP_LOGS_HEADERS /env/OTEL_EXPORTER_OTLP_METRICS_HEADERS /env/QWEN_TELEMETRY_OTLP_PROTOCOL /env/OTEL_SDK_DISABLED /env/OTEL_EXPORTER_OTLP_TIMEOUT /env/OTEL_EXPORTER_OTLP_LOGS_TIMEOUT /env/OTEL_EXPORTER_OTLP_METRICS_TIMEOUT'),
        @('', 'set', '/telemetry/enabled', 'bool', 'true'),
        @('', 'set', '/telemetry/target', 'string', 'local'),
        @('', 'set', '/telemetry/otlpEndpoint', 'string', '{endpoint}/{token}'),
        @('', 'set', '/telemetry/otlpProtocol', 'string', 'http'),
        @('', 'set', '/telemetry/otlpTracesEndpoint', 'string', ''),
        @('prompts', 'set', '/telemetry/logPrompts', 'bool', 'true'),
        @('no-prompts', 'set', '/telemetry/logPrompts', 'bool', 'false'),
        @('', 'set', '/telemetry/includeSensitiveSpanAttributes', 'bool', 'false'),
        @('', 'set', '/telemetry/outfile', 'string', ''),
        @('', 'join', '/env/OTEL_RESOURCE_ATTRIBUTES'),
        @('host', 'set', '/env/OTEL_RESOURCE_ATTRIBUTES', 'string', '{host}')
      )
      LikeUser = $true
      Rivals = @(
        @{
          Words = @('QWEN_(SANDBOX|TELEMETRY_[A-Z_]+)', 'OTEL_(B|E|SDK)[A-Z_]+'); HasKinds = $false
          Files = @(
            @('{folder}/.env', 'dotenv', ''),
            @('~/.env', 'dotenv', '')
          )
        }
        @{
          Words = @('=OTEL_[BS]|OTLP[A-Z_]*TIMEOUT', '/telemetry/otlpLogsEndpoint', '/telemetry/otlpMetricsEndpoint', '/env/QWEN_TELEMETRY_ENABLED', '/env/QWEN_TELEMETRY_OUTFILE', '/env/QWEN_TELEMETRY_TARGET', '/env/QWEN_TELEMETRY_OTLP_ENDPOINT', '/env/QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT', '/env/QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT', '/env/QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_HEADERS', '/env/OTEL_EXPORTER_OTLP_LOGS_HEADERS', '/env/OTEL_EXPORTER_OTLP_METRICS_HEADERS', '/env/QWEN_TELEMETRY_OTLP_PROTOCOL'); HasKinds = $true
          Files = @(
            @('{folder}/settings.json', 'jsonc', ''),
            @('%ProgramData%/qwen-code/system-defaults.json', 'jsonc', '')
          )
        }
      )
      Merged = $null
    }
    User = @{
      Folder = '.qwen'; File = 'settings.json'; Variable = 'QWEN_HOME'; Below = ''
      Tail = 12
      Format = 'jsonc'; Since = '0.24.4'
      SinceWith = @()
      Demands = @('kind;plansDirectory proxy imageModel modelFallbacks;string', 'kind;omni;object', 'kind;model/maxWallTimeSeconds model/goalTokenBudget;number', 'kind;env/OTEL_BLRP_EXPORT_TIMEOUT env/OTEL_BLRP_MAX_QUEUE_SIZE env/OTEL_BLRP_MAX_EXPORT_BATCH_SIZE env/OTEL_BSP_EXPORT_TIMEOUT env/OTEL_BSP_MAX_QUEUE_SIZE env/OTEL_BSP_MAX_EXPORT_BATCH_SIZE;positive', 'only;omni;delivery enabled ingestion memory processing storage')
      Rows = @()
      Rivals = @(
        @{
          Words = @('QWEN_(SANDBOX|TELEMETRY_[A-Z_]+)', 'OTEL_(B|E|SDK)[A-Z_]+'); HasKinds = $false
          Files = @(
            @('{folder}/.env', 'dotenv', ''),
            @('~/.env', 'dotenv', '')
          )
        }
        @{
          Words = @('=OTEL_[BS]|OTLP[A-Z_]*TIMEOUT', '/telemetry', '/env/QWEN_TELEMETRY_ENABLED', '/env/QWEN_TELEMETRY_OUTFILE', '/env/QWEN_TELEMETRY_TARGET', '/env/QWEN_TELEMETRY_OTLP_ENDPOINT', '/env/QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT', '/env/QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT', '/env/QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_HEADERS', '/env/OTEL_EXPORTER_OTLP_LOGS_HEADERS', '/env/OTEL_EXPORTER_OTLP_METRICS_HEADERS', '/env/QWEN_TELEMETRY_OTLP_PROTOCOL'); HasKinds = $true
          Files = @(
            ,@('%ProgramData%/qwen-code/settings.json', 'jsonc', '')
          )
        }
        @{
          Words = @('=OTEL_[BS]|OTLP[A-Z_]*TIMEOUT', '/telemetry/otlpLogsEndpoint', '/telemetry/otlpMetricsEndpoint', '/env/QWEN_TELEMETRY_ENABLED', '/env/QWEN_TELEMETRY_OUTFILE', '/env/QWEN_TELEMETRY_TARGET', '/env/QWEN_TELEMETRY_OTLP_ENDPOINT', '/env/QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT', '/env/QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT', '/env/QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '/env/OTEL_EXPORTER_OTLP_HEADERS', '/env/OTEL_EXPORTER_OTLP_LOGS_HEADERS', '/env/OTEL_EXPORTER_OTLP_METRICS_HEADERS', '/env/QWEN_TELEMETRY_OTLP_PROTOCOL'); HasKinds = $true
          Files = @(
            ,@('%ProgramData%/qwen-code/system-defaults.json', 'jsonc', '')
          )
        }
      )
      Beside = $null
    }
    Tokens = @('/telemetry/otlpEndpoint')
    Lasting = $null
    Elsewhere = @()
    Open = @('kind;tools/sandbox security/auth/enforcedType;nothing')
    Title = 'Qwen Code'; Program = 'qwen'
    When = 'when Qwen Code starts'
    Sends = @('always: session id, kind of sign-in, name of the model and of the MCP servers and tools that are set', 'token counts, durations, tool names, number of hooks and of files looked through, errors', 'host name and machine id, unless switched off (no-host)')
    Package = '@qwen-code/qwen-code'
    MachineSigns = @()
    UserSigns = @(
      @('trace', '.qwen/installation_id'),
      @('ours', '.qwen/settings.json.crossfade-undo')
    )
  }
}
# Folders of npm's packages.
$PACKAGES = @{
  MachineSigns = @('%ProgramFiles%/nodejs/node_modules', '%ProgramData%/nvm/v*/node_modules', '%ProgramData%/chocolatey/lib/nodejs*/tools/*/node_modules')
  UserSigns = @('AppData/Roaming/npm/node_modules', 'AppData/Roaming/nvm/v*/node_modules', 'AppData/Local/nvm/v*/node_modules', 'AppData/Local/Volta/tools/image/packages/*/node_modules', 'AppData/Local/Volta/tools/image/packages/*/*/node_modules', 'AppData/Roaming/fnm/node-versions/*/installation/node_modules', 'AppData/Local/pnpm/global/*/node_modules', '.bun/install/global/node_modules', 'scoop/persist/nodejs*/bin/node_modules', 'scoop/apps/nodejs*/current/bin/node_modules')
}
# The last rows of a user's table are those of the machine's.
foreach ($each in $CLIS.Values) { $each.User.Rows = @($each.User.Rows) + @($each.System.Rows | Select-Object -Last $each.User.Tail) }

# ---- Editor of JSON and TOML files ----

# Reads and changes single keys of a JSON, JSONC or TOML file: the awk editor of templates/awk in PowerShell 5.1, part by part. Both give the
# same bytes, codes and reasons. A function has the name of its pair: take_out() there is EdTakeOut here. State is in $run.Editor.
#
#   $done = Invoke-Editor MODE FORMAT ROWS TEXT [BEFORE [FILE]]
#
# MODE    get | same | set | undo, as in awk: each has a part below, which says what its plan is
# FORMAT  json | jsonc (comments are allowed, trailing commas are not) | toml
# ROWS    lines of the plan. Fields are separated by tabs; POINTER is RFC 6901 (/env/NAME); VALUE is plain text and is quoted here.
# TEXT    the file, one character a byte (Latin-1), as ROWS, BEFORE and all that comes back are
# BEFORE  for set: lines of the record of the last set (awk: -v before=FILE)
# FILE    the name for messages
#
# It returns a hashtable:
#   Code      0 done; 1 nothing to change; 2 wrong use; 3 the file cannot be parsed; 4 the result failed the final check
#   Text      for set and undo with code 0 the new file, with the byte order mark it had; otherwise $null
#   Lines     for get the answers, "POINTER<tab>TYPE<tab>VALUE" (awk: standard output)
#   Record    for set with code 0 the lines of the record that undo takes, its head included (awk: -v undo=FILE)
#   Messages  "edit: FILE:LINE:COL: reason", "kept POINTER", "lost POINTER", never a value (awk: standard error)
#
# No cmdlet gets a text, a value or a pointer. Texts are compared by ordinal only: -eq and -ceq pass over some bytes.

# ---------------------------------------------------------------------------------------------------------------
# Text. Places count from 1, as in awk. $s.Text is the generation that was parsed last, $s.Token what the reader looks at: one expression
# that begins each match where the last one ended, since to begin anywhere copies the whole text under PowerShell 7 for Windows.

# JSON: group 1 a value that is whole, 2 one that is not, or a word, 3 a comment that is whole. TOML: the same. Blanks behind belong to
# each: of JSON line ends, too.
function EdTokens($format) {
    if ($format -eq 'toml') { return EdTomlTokens }
    $string = '"(?>(?:[^"\\\x01-\x1f]+|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*)'
    $number = '-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?'
    $word = '[-+.0-9A-Za-z_$]'
    # Readers differ on whether a lone carriage return ends a comment; then nothing but blanks or a comment may follow on the line.
    $line = '//(?>[^\r\n]*)(?:(?!\r)|(?=(?>[ \t\r]+)(?:\n|//|\z)))'
    $comment = ''
    if ($format -eq 'jsonc') { $comment = '|(' + $line + '|/\*(?>(?:[^*]+|\*(?!/))*)\*/)|(?:(//[^\r\n]*)|/)' }
    return '\G(?:(?:[{}\[\]:,]|(' + $string + '"|(?:true|false|null|' + $number + ')(?!' + $word + '))|(' + $string + '|' + $word + '+)' + $comment +
        '|[^ \t\r\n])[ \t\r\n]*|[ \t\r\n]+)'
}

function EdTomlTokens {
    $plain = '\x01-\x08\x0a-\x1f\x7f'
    $escape = '\\(?:["\\bfnrt]|(?!(?:u|U0000)[dD][89A-Fa-f])(?:u|U000[0-9A-Fa-f]|U0010)[0-9A-Fa-f]{4})'
    # One or two quotes may stand before the three that end it.
    $basics = '"""(?>(?:[^"\\' + $plain + ']+|' + $escape + '|\\[ \t]*\r?\n|\r?\n|"{1,2}(?!"))*)'
    $literals = "'''(?>(?:[^'" + $plain + "]+|\r?\n|'{1,2}(?!'))*)"
    $basic = '(?!""")"(?>(?:[^"\\' + $plain + ']+|' + $escape + ')*)'
    $literal = "(?!''')'(?>[^'" + $plain + ']*)'
    $hour = '(?:[01][0-9]|2[0-3])'
    $time = $hour + ':[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?'
    $zone = '(?:[Zz]|[-+]' + $hour + ':[0-5][0-9])?'
    $date = '[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])'
    $digits = '(?:0|[1-9](?:_?[0-9])*)'
    $number = '[-+]?(?:' + $digits + '(?:\.[0-9](?:_?[0-9])*)?(?:[eE][-+]?[0-9](?:_?[0-9])*)?|inf|nan)'
    $bits = '0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*'
    $word = '[-+.:0-9A-Za-z_]'
    # Of a date with a blank the time is part; a date with a small t and a blank behind it is none.
    $later = '(?! [0-9][0-9]:[-+.:0-9A-Za-z])'
    $words = $date + ' ' + $time + $zone + '(?![-+.:0-9A-Za-z])|(?:true|false|' + $number + '|' + $bits + '|' + $time + '|' + $date + 'T' + $time + $zone +
        ')(?!' + $word + ')|' + $date + '(?:t' + $time + $zone + ')?(?!' + $word + ')' + $later
    return '\G(?:(?:[{}\[\],=]|(' + $basics + '"{3,5}|' + $literals + "'{3,5}|" + $basic + '"|' + $literal + "'|" + $words + ')|(' +
        $basics + '|' + $literals + '|' + $basic + '|' + $literal + '|' + $word + '+)|\r?\n|(#[^' + $plain + ']*)|[^ \t])[ \t]*|[ \t]+)'
}

function EdSeek($text) {
    $s = $run.Editor
    if ($null -eq $s.Pattern) { $s.Pattern = EdTokens $s.Format }
    $s.Text = $text
    $s.Length = $text.Length
    $s.Token = [System.Text.RegularExpressions.Regex]::Match($text, $s.Pattern, [System.Text.RegularExpressions.RegexOptions]::CultureInvariant)
}

# Where the reader is: the place of the token, or behind the end.
function EdAt {
    $s = $run.Editor
    if ($s.Token.Success) { return $s.Token.Index + 1 }
    return $s.Length + 1
}

# The code of the character at a place; -1 where there is none.
function EdCode($at) {
    $s = $run.Editor
    if ($at -lt 1 -or $at -gt $s.Length) { return -1 }
    return [int]$s.Text[$at - 1]
}

# The characters a to b.
function EdSlice($a, $b) {
    $s = $run.Editor
    if ($a -lt 1) { $a = 1 }
    if ($b -gt $s.Length) { $b = $s.Length }
    if ($b -lt $a) { return '' }
    return $s.Text.Substring($a - 1, $b - $a + 1)
}

# The first failure ends all reading: there is no token any more.
function EdFail($at, $reason) {
    $s = $run.Editor
    if ($s.Why.Length -eq 0) { $s.Why = (EdPlace $at) + ': ' + $reason }
    $s.Token = [System.Text.RegularExpressions.Match]::Empty
}

# LINE:COL.
function EdPlace($at) {
    $text = $run.Editor.Text
    $line = 1
    $head = 0
    for (;;) {
        if ($head -ge $text.Length) { break }
        $next = $text.IndexOf([char]10, $head)
        if ($next -lt 0 -or $next -ge $at - 1) { break }
        $line++
        $head = $next + 1
    }
    return "${line}:$($at - $head)"
}

# Takes the file, without a mark that stays in front of it.
function EdLoad($text) {
    $s = $run.Editor
    if ($text -cmatch '[\x00\x01]') { $s.Why = 'a control character' }
    if ($text -cmatch '\A(?:\xfe\xff|\xff\xfe)') { $s.Why = 'UTF-16' }
    # Some CLIs read it, and it stays; others do not start with it.
    if ($text -cmatch '\A\xef\xbb\xbf') {
        if ($s.Format -eq 'jsonc') { $s.Why = 'a byte order mark; save the file as UTF-8 without it' }
        else { $s.Mark = $text.Substring(0, 3); $text = $text.Substring(3) }
    }
    $s.Text = $text
    return $s.Why.Length -eq 0
}

# ---------------------------------------------------------------------------------------------------------------
# Parsing. Pointers that matter (Want: those of the plan and everything above them) get Kind, Where and, for containers, Open and Close.
# Members of containers that matter have a path, a container, start and end of the key, start and end of the value, the
# comma after it, the members before and after it. Every other value goes to a list, which an edit must not change.

# List is $null, or takes the values.
function EdParse($text, $list) {
    $s = $run.Editor
    $ordinal = [System.StringComparer]::Ordinal
    $s.Kind = [System.Collections.Hashtable]::new($ordinal); $s.Where = [System.Collections.Hashtable]::new($ordinal)
    $s.Open = [System.Collections.Hashtable]::new($ordinal); $s.Close = [System.Collections.Hashtable]::new($ordinal)
    $s.Member = [System.Collections.Hashtable]::new($ordinal); $s.Inside = [System.Collections.Hashtable]::new($ordinal)
    $s.Host = [System.Collections.Hashtable]::new($ordinal); $s.Tables = [System.Collections.Hashtable]::new($ordinal)
    $s.Last = [System.Collections.Hashtable]::new($ordinal); $s.First = [System.Collections.Hashtable]::new($ordinal)
    $s.Seen = [System.Collections.Hashtable]::new($ordinal); $s.Base = [System.Collections.Hashtable]::new($ordinal)
    $s.Members = [System.Collections.Generic.List[object]]::new()
    $s.Sections = 0
    $s.HasComments = $false
    $s.Listed = ''
    $s.List = $list
    $s.StackMember[0] = $null
    $s.StackWanted[0] = $true
    EdSeek $text
    if ($s.IsToml) { EdToml } else { EdJson }
    return $s.Why.Length -eq 0
}

# Whether a text is valid and holds the same other values as the first one.
function EdVerified($text) {
    $s = $run.Editor
    $again = [System.Collections.Generic.List[string]]::new()
    if (-not (EdParse $text $again)) { return $false }
    $first = $s.Foreign
    if ($again.Count -ne $first.Count) { return $false }
    for ($i = 0; $i -lt $again.Count; $i++) { if (-not $first[$i].Equals($again[$i])) { return $false } }
    return $true
}

function EdMap { return [System.Collections.Hashtable]::new([System.StringComparer]::Ordinal) }

function EdMember($container, $path, $at) {
    $s = $run.Editor
    $before = $s.Last[$container]
    $s.Seen[$path] = 1 + $s.Seen[$path]
    $m = @{ Number = $s.Members.Count; Path = $path; Host = $container; Id = "$path#$($s.Seen[$path])"; Key = $at; Name = $at; Val = $at; End = $at
        Comma = 0; Prev = $before; Next = $null; Line = 0; Above = ''; AboveEnd = 0 }
    if ($before) { $before.Next = $m }
    $s.Members.Add($m)
    if (-not $s.First.ContainsKey($container)) { $s.First[$container] = $m }
    $s.Last[$container] = $m
    if ($s.Want.ContainsKey($path)) { $s.Member[$path] = $m }
    return $m
}

# A pointer is found for the first time.
function EdBorn($path, $kind, $at) {
    $s = $run.Editor
    $isWanted = $s.Want.ContainsKey($path)
    if ($isWanted -or $s.IsToml) { $s.Kind[$path] = $kind }
    if ($isWanted) { $s.Where[$path] = $at }
}

function EdNote($path, $text) {
    $s = $run.Editor
    if ($null -ne $s.List) { $s.List.Add($path + '=' + $text) }
}

# A value and everything inside it. Containers are kept on a stack. For a value that does not matter it calls no function: a call takes
# longer than all the rest. Sets ValueEnd.
function EdValue($path, $hush) {
    $s = $run.Editor; $text = $s.Text; $token = $s.Token; $list = $s.List; $want = $s.Want; $kind = $s.Kind; $isToml = $s.IsToml; $trivia = $s.Trivia
    $stackOpen = $s.StackOpen; $stackPath = $s.StackPath; $stackCount = $s.StackCount; $stackMember = $s.StackMember; $stackHush = $s.StackHush; $stackWanted = $s.StackWanted
    $depth = 0
    while ($s.Why.Length -eq 0) {
        $c = if ($token.Success) { [int]$text[$token.Index] } else { -1 }
        $isWanted = $stackWanted[$depth] -and $want.ContainsKey($path)
        $isListed = $null -ne $list -and -not ($hush -or $isWanted)
        $opened = $c -eq 123 -or $c -eq 91
        if ($opened) {
            $depth++
            if ($depth -gt 200) { return EdFail ($token.Index + 1) 'nested too deeply' }
            $stackOpen[$depth] = $c; $stackPath[$depth] = $path; $stackCount[$depth] = 0; $stackMember[$depth] = $null; $stackHush[$depth] = $hush; $stackWanted[$depth] = $isWanted
            if ($isWanted) { EdOpened $path $c ($token.Index + 1) } elseif ($isToml -or $stackWanted[$depth - 1]) { $kind[$path] = if ($c -eq 123) { 'object' } else { 'array' } }
            if ($isListed) { $list.Add($path + '=' + [char]$c) }
        } else {
            $value = $token.Groups[1]
            if (-not $value.Success -or ($value.Length -gt 32768 -and $c -ne 34 -and $c -ne 39)) { $s.Token = $token; EdBorn $path 'string' (EdAt); return EdBadValue $token }
            if ($isToml -and $value.Length -gt 18 -and $c -ne 34 -and $c -ne 39 -and (EdIsTooLarge $value.Value)) { $s.Token = $token; return EdFail (EdAt) 'a number is too large' }
            if ($isWanted) { EdBorn $path (EdType $value.Value) ($token.Index + 1) } elseif ($isToml -or $stackWanted[$depth]) { $kind[$path] = if ($c -eq 34 -or $c -eq 39 -or -not $stackWanted[$depth]) { 'string' } else { EdType $value.Value } }
            if ($isListed) { $list.Add($path + '=' + $value.Value) }
            $end = $value.Index + $value.Length
        }
        $token = $token.NextMatch()
        # On to the next value, out of the containers that end on the way.
        for (;;) {
            if (-not $opened -and $stackMember[$depth]) { $stackMember[$depth].End = $end }
            if ($depth -eq 0) { $s.Token = $token; $s.ValueEnd = $end; return }
            # TOML 1.1 allows lines in an inline table; those that are edited are on one.
            $lines = -not $isToml -or $stackOpen[$depth] -eq 91 -or -not $stackWanted[$depth] -or $want[$stackPath[$depth]] -eq 2
            $c = if ($token.Success) { [int]$text[$token.Index] } else { -1 }
            if ($lines -and $trivia[$c]) { $s.Token = $token; EdSpace; $token = $s.Token; $c = if ($token.Success) { [int]$text[$token.Index] } else { -1 } }
            $comma = -not $opened -and $c -eq 44
            if ($comma) {
                if ($stackMember[$depth]) { $stackMember[$depth].Comma = $token.Index + 1 }
                $token = $token.NextMatch()
                $c = if ($token.Success) { [int]$text[$token.Index] } else { -1 }
                if ($lines -and $trivia[$c]) { $s.Token = $token; EdSpace; $token = $s.Token; $c = if ($token.Success) { [int]$text[$token.Index] } else { -1 } }
            }
            # The code of a closing bracket is that of the opening one and two.
            if ($c -eq $stackOpen[$depth] + 2 -and (-not $comma -or ($isToml -and $lines))) {
                $end = $token.Index + 1
                if ($stackWanted[$depth]) { $s.Close[$stackPath[$depth]] = $end }
                $token = $token.NextMatch(); $depth--; $opened = $false
                continue
            }
            $s.Token = $token
            if ($c -lt 0) { return EdFail ($s.Length + 1) 'the file ends inside a value' }
            if (-not $opened -and -not $comma) { return EdFail ($token.Index + 1) 'expected a comma or a closing bracket' }
            $hush = $stackHush[$depth]
            if ($stackOpen[$depth] -eq 91) { $path = $stackPath[$depth] + '/' + $stackCount[$depth]; $stackCount[$depth]++; break }
            $name = $token.Groups[1]
            $next = $token.NextMatch()
            if (-not $isToml -and -not $stackWanted[$depth] -and $name.Success -and $c -eq 34 -and $name.Length -le 32768 -and $next.Success -and [int]$text[$next.Index] -eq 58) {
                $key = $text.Substring($name.Index + 1, $name.Length - 2)
                if ($key.IndexOfAny($s.Odd) -ge 0) { $key = EdReference (EdUnescape $key) }
                $path = $stackPath[$depth] + '/' + $key
                $token = $next.NextMatch()
                if ($token.Success -and $trivia[[int]$text[$token.Index]]) { $s.Token = $token; EdSpace; $token = $s.Token }
                break
            }
            $s.Hush = $hush
            $stackMember[$depth] = EdKey $stackPath[$depth] $stackPath[$depth]
            $path = $s.Path; $hush = $s.Hush; $token = $s.Token
            break
        }
    }
}

function EdOpened($path, $code, $at) {
    $s = $run.Editor
    EdBorn $path $(if ($code -eq 123) { 'object' } else { 'array' }) $at
    $s.Open[$path] = $at
    $s.Inside[$path] = $path
}

function EdType($token) {
    if ($token -cmatch '\A["'']') { return 'string' }
    if ($token -cmatch '\A(?:true|false)\z') { return 'bool' }
    if ($token -cmatch '\Anull\z') { return 'null' }
    if ($run.Editor.IsToml) {
        if ($token -cmatch '\A0[xob]') { return 'int' }
        if ($token -cmatch '\A[0-9][0-9][0-9:]' -and $token -cmatch '[-:].*[-:]') { return 'date' }
        if ($token -cmatch '\A[-+]?(?:0|[1-9][0-9_]*)\z') { return 'int' }
        return 'float'
    }
    if ($token -cmatch '\A-?[0-9]+\z') { return 'int' }
    return 'float'
}

# Whether a whole number has more than 64 bits, with which no reader takes the file.
function EdIsTooLarge($token) {
    if ($token -cnotmatch '\A[-+]?[1-9][0-9_]*\z') { return $false }
    $digits = $token.Replace('_', '').TrimStart('-', '+')
    return $digits.Length -gt 19 -or ($digits.Length -eq 19 -and [string]::CompareOrdinal($digits, '9223372036854775807') -gt 0)
}

# Why no value is here. A word over 32 KB is judged by what is over: awk keeps no more of it.
function EdBadValue($token) {
    $at = EdAt
    $c = EdCode $at
    $isQuote = $c -eq 34 -or ($c -eq 39 -and $run.Editor.IsToml)
    if ($isQuote) { return EdBadString $token }
    $s = $run.Editor
    $whole = $token.Groups[1]
    $word = if ($whole.Success) { $whole } else { $token.Groups[2] }
    if ($word.Success -and $word.Length -gt 32768) {
        $over = $word.Value.Substring((($word.Length - 1) -shr 15) -shl 15)
        $tail = [System.Text.RegularExpressions.Regex]::Match($over, $s.Pattern, [System.Text.RegularExpressions.RegexOptions]::CultureInvariant)
        if ($tail.Groups[1].Success -and $tail.Groups[1].Length -eq $over.Length) { return EdFail $at 'a word is too long' }
    }
    EdFail $at 'expected a value'
}

# Why a string is not whole: group 2 is as much of it as can be read.
function EdBadString($token) {
    $s = $run.Editor
    $from = $token.Index + 1
    $at = $token.Groups[2].Index + $token.Groups[2].Length + 1
    $c = EdCode $at
    if ($c -lt 0) { return EdFail $from 'a string does not end' }
    if (-not $s.IsToml) { return EdFail $at 'a control character or a wrong escape in a string' }
    if ($c -eq 92 -and (EdCode $from) -eq 34) { return EdFail $at 'a wrong escape in a string' }
    EdFail $at 'a control character in a string'
}

# A key and what separates it from its value. Returns the member, or $null where it does not matter; sets Path and Hush.
function EdKey($table, $container) {
    $s = $run.Editor
    $at = EdAt
    if ($s.IsToml) { EdTomlKey $table $container } else { EdJsonKey $table }
    if ($s.Why.Length -gt 0) { return $null }
    $m = $null
    if ($s.Want.ContainsKey($container) -or [string]::Equals($container, $s.Listed)) {
        $m = EdMember $container $s.Path $at
        $m.Name = $s.NameEnd
    }
    if (-not $s.IsToml) { EdSpace }
    $at = if ($s.IsToml) { $s.Pos } else { EdAt }
    if ((EdCode $at) -ne $(if ($s.IsToml) { 61 } else { 58 })) {
        EdFail $at 'expected a key and its value'
        return $null
    }
    $s.Token = $s.Token.NextMatch()
    if (-not $s.IsToml) { EdSpace }
    if ($m) { $m.Val = EdAt }
    return $m
}

# Skips blanks, line ends and comments.
function EdSpace {
    $s = $run.Editor
    while ($s.Token.Success) {
        $token = $s.Token
        $c = [int]$s.Text[$token.Index]
        if ($c -eq 13 -and $s.IsToml -and (EdCode ($token.Index + 2)) -ne 10) { return EdFail (EdAt) 'a carriage return alone does not end a line' }
        if (-not $s.Trivia[$c]) {
            if ($c -ne 32 -and $c -ne 9) { return }
        } elseif ($c -eq 35 -or $c -eq 47) {
            EdComment
            if ($s.Why.Length -gt 0) { return }
            continue
        }
        $s.Token = $token.NextMatch()
    }
}

function EdComment {
    $s = $run.Editor
    $token = $s.Token
    $s.HasComments = $true
    $at = $token.Index + 1
    if ($s.IsToml) {
        $at += $token.Groups[3].Length
        $c = EdCode $at
        if ($c -ge 0 -and $c -ne 10 -and $c -ne 13) { return EdFail $at 'a control character in a comment' }
    } elseif (-not $token.Groups[3].Success) {
        if ($token.Groups[4].Success) { return EdFail ($at + $token.Groups[4].Length) 'a carriage return alone ends a comment' }
        if ((EdCode ($at + 1)) -eq 42) { return EdFail $at 'a comment does not end' }
        return EdFail $at 'expected a comment'
    }
    $s.Token = $token.NextMatch()
}

# ---------------------------------------------------------------------------------------------------------------
# JSON and JSONC.

function EdJson {
    $s = $run.Editor
    EdSpace
    if (-not $s.Token.Success -and -not $s.HasComments) { return }
    if ((EdCode (EdAt)) -ne 123) { return EdFail (EdAt) 'the file does not hold an object' }
    $s.StackMember[0] = EdMember '#top' '' (EdAt)
    EdValue '' $false
    EdSpace
    if ($s.Token.Success) { EdFail (EdAt) 'something follows the object' }
}

function EdJsonKey($table) {
    $s = $run.Editor
    $token = $s.Token
    $at = EdAt
    if ((EdCode $at) -ne 34) { return EdFail $at 'expected a key' }
    $name = $token.Groups[1]
    if (-not $name.Success) { return EdBadString $token }
    if ($name.Length -gt 32768) { return EdFail $at 'the key is too long' }
    $s.NameEnd = $name.Index + $name.Length
    $s.Path = $table + '/' + (EdReference (EdPlain $name.Value))
    if ($s.Silent.ContainsKey($s.Path)) { $s.Hush = $true }
    if ($s.Want.ContainsKey($s.Path) -and $s.Kind.ContainsKey($s.Path)) { return EdFail $at 'this key is there twice' }
    $s.Token = $token.NextMatch()
}

# ---------------------------------------------------------------------------------------------------------------
# TOML. A section is a header and the statements below it; "#0" is what stands above the first header.

function EdToml {
    $s = $run.Editor
    $s.Kind[''] = 'table'; $s.Inside[''] = '#0'; $s.Base['#0'] = ''
    $s.Table = ''; $s.Section = '#0'; $s.Listed = '#0'; $s.Quiet = $false
    $above = '^'
    $aboveEnd = 1
    while ($s.Why.Length -eq 0) {
        EdSpace
        if (-not $s.Token.Success) { return }
        $m = if ((EdCode (EdAt)) -eq 91) { EdHeader } else { EdStatement }
        if ($s.Why.Length -gt 0) { return }
        if ((EdCode (EdAt)) -eq 35) { EdComment }
        $at = EdLineEnd
        if ($s.Why.Length -gt 0) { return }
        if ($m) { $m.Line = $at; $m.Above = $above; $m.AboveEnd = $aboveEnd; $m.Id = $m.Path }
        $above = $s.Path
        $aboveEnd = $at
        if ($s.Anchor.ContainsKey($above)) { $s.Anchor[$above] = $at }
    }
}

# Returns where the next line begins.
function EdLineEnd {
    $s = $run.Editor
    $at = EdAt
    $c = EdCode $at
    if ($c -eq 10) { $at++ }
    elseif ($c -eq 13 -and (EdCode ($at + 1)) -eq 10) { $at += 2 }
    elseif ($c -ge 0) { EdFail $at 'a carriage return alone does not end a line' }
    $s.Token = $s.Token.NextMatch()
    return $at
}

function EdStatement {
    $s = $run.Editor
    $s.Hush = $s.Quiet
    $m = EdKey $s.Table $s.Section
    if ($s.Why.Length -gt 0) { return $null }
    $path = $s.Path
    EdValue $path $s.Hush
    if ($m) { $m.End = $s.ValueEnd }
    $s.Path = $path
    return $m
}

function EdHeader {
    $s = $run.Editor
    $at = EdAt
    $isList = (EdCode ($at + 1)) -eq 91
    $s.Hush = $false
    $s.Pos = $at + 1 + [int]$isList
    $p = ''
    for ($n = 1; ; $n++) {
        EdBlanks
        if ($n -gt 200) { EdFail $s.Pos 'nested too deeply'; return $null }
        $p = $p + '/' + (EdPart)
        if ($s.Why.Length -gt 0) { return $null }
        EdBlanks
        if ($s.Silent.ContainsKey($p)) { $s.Hush = $true }
        if ((EdCode $s.Pos) -ne 46) { break }
        if (-not $s.Kind.ContainsKey($p)) { EdBorn $p 'implicit' $at }
        elseif ($s.Kind[$p] -eq 'tables') { $p = $p + '/' + ($s.Tables[$p] - 1) }
        elseif (-not $s.Headed.ContainsKey($s.Kind[$p])) { EdFail $at 'a table below a value'; return $null }
        $s.Pos++
    }
    if ($isList) {
        if (-not $s.Kind.ContainsKey($p)) { EdBorn $p 'tables' $at; $s.Tables[$p] = 0 }
        elseif ($s.Kind[$p] -ne 'tables') { EdFail $at 'this table is there twice'; return $null }
        $s.Tables[$p]++
        $p = $p + '/' + ($s.Tables[$p] - 1)
    } elseif ($s.Kind.ContainsKey($p) -and $s.Kind[$p] -ne 'implicit') { EdFail $at 'this table is there twice'; return $null }
    EdBorn $p 'table' $at
    if ((EdCode $s.Pos) -ne 93 -or ($isList -and (EdCode ($s.Pos + 1)) -ne 93)) { EdFail $s.Pos 'expected the end of the header'; return $null }
    $s.Pos += 1 + [int]$isList
    return EdSectionBegins $p $at ($s.Pos - 1)
}

function EdSectionBegins($p, $at, $end) {
    $s = $run.Editor
    EdCatchUp
    $s.Sections++
    $section = "#$($s.Sections)"
    $s.Path = $p; $s.Table = $p; $s.Section = $section; $s.Quiet = $s.Hush
    $s.Inside[$p] = $section; $s.Base[$section] = $p
    $isHushed = $s.Hush -or $s.Want.ContainsKey($p)
    $s.Listed = if ($isHushed) { $section } else { '' }
    if (-not $isHushed) { EdNote $p '['; return $null }
    $m = EdMember '#headers' $p $at
    $m.End = $end
    return $m
}

# A key of one or more parts below a table. Sets Path; defines the tables on the way.
function EdTomlKey($table, $container) {
    $s = $run.Editor
    $at = EdAt
    $s.Pos = $at
    $path = $table
    for ($n = 1; ; $n++) {
        EdBlanks
        if ($n -gt 200) { return EdFail $s.Pos 'nested too deeply' }
        $path = $path + '/' + (EdPart)
        if ($s.Why.Length -gt 0) { return }
        $s.NameEnd = $s.Pos - 1
        EdBlanks
        if ($s.Silent.ContainsKey($path)) { $s.Hush = $true }
        if ((EdCode $s.Pos) -ne 46) { break }
        if (-not $s.Kind.ContainsKey($path)) { EdBorn $path 'dotted' $at; $s.Host[$path] = $container }
        elseif ($s.Kind[$path] -ne 'dotted') { return EdFail $at 'a key below a value or a table of its own' }
        $s.Pos++
    }
    $s.Path = $path
    if ($s.Kind.ContainsKey($path)) { return EdFail $at 'this key is there twice' }
    EdCatchUp
}

# Within a key the place goes ahead of the token, which is not the same: a word of many parts is one token.
function EdBlanks {
    $s = $run.Editor
    while ($s.Pos -le $s.Length -and ([int]$s.Text[$s.Pos - 1] -eq 32 -or [int]$s.Text[$s.Pos - 1] -eq 9)) { $s.Pos++ }
}

function EdCatchUp {
    $s = $run.Editor
    $at = $s.Pos - 1
    $token = $s.Token
    while ($token.Success -and $token.Index -lt $at) { $token = $token.NextMatch() }
    $s.Token = $token
}

# One part of a key, as in a pointer.
function EdPart {
    $s = $run.Editor
    $text = $s.Text
    $at = $s.Pos
    $c = EdCode $at
    if ($c -eq 34 -or $c -eq 39) {
        if ((EdCode ($at + 1)) -eq $c -and (EdCode ($at + 2)) -eq $c) { EdFail $at 'a key on many lines'; return '' }
        EdCatchUp
        $string = $s.Token.Groups[1]
        if (-not $string.Success) { EdBadString $s.Token; return '' }
        $s.Pos = $at + $string.Length
        $name = EdPlain $string.Value
    } else {
        $bare = $s.Bare
        $end = $at - 1
        while ($end -lt $text.Length -and $bare[[int]$text[$end]]) { $end++ }
        $s.Pos = $end + 1
        $name = $text.Substring($at - 1, $end - $at + 1)
        if ($name.Length -eq 0) { EdFail $at 'expected a key'; return '' }
    }
    if ($s.Pos - $at -gt 32768) { EdFail $at 'the key is too long'; return '' }
    return EdReference $name
}

# ---------------------------------------------------------------------------------------------------------------
# Strings and pointers.

# The value of a token: of a string what it stands for, of anything else its text.
function EdPlain($token) {
    if ($token.Length -eq 0) { return '' }
    $quote = [int]$token[0]
    if ($quote -ne 34 -and $quote -ne 39) { return $token }
    if ($run.Editor.IsToml -and $token.Length -gt 5 -and [int]$token[1] -eq $quote -and [int]$token[2] -eq $quote) {
        $from = 3
        if ([int]$token[3] -eq 10) { $from = 4 }
        elseif ([int]$token[3] -eq 13 -and [int]$token[4] -eq 10) { $from = 5 }
        $inner = $token.Substring($from, $token.Length - 3 - $from)
    } else {
        $inner = $token.Substring(1, $token.Length - 2)
    }
    if ($quote -eq 34) { return EdUnescape $inner }
    return $inner
}

function EdUnescape($text) {
    $next = $text.IndexOf([char]92)
    if ($next -lt 0) { return $text }
    $letters = $run.Editor.Letters
    $out = [System.Text.StringBuilder]::new()
    $at = 0
    while ($next -ge 0) {
        [void]$out.Append($text, $at, $next - $at)
        $c = if ($next + 1 -lt $text.Length) { [int]$text[$next + 1] } else { -1 }
        $at = $next + 2
        if ($letters.ContainsKey($c)) { [void]$out.Append($letters[$c]) }
        elseif ($c -eq 117 -or $c -eq 85) {
            $at += 4
            if ($c -eq 85) { $at += 4 }
            $code = EdHex $text ($next + 2) $at
            if ($code -ge 0xd800 -and $code -lt 0xdc00 -and $at + 2 -lt $text.Length -and (EdMid $text $at 4) -cmatch '\A\\u[dD][c-fC-F]') {
                $code = 0x10000 + ($code - 0xd800) * 1024 + (EdHex $text ($at + 2) ($at + 6)) - 0xdc00
                $at += 6
            }
            [void]$out.Append((EdUtf8 $code))
        } else {
            $at = $next + 1
            while ($at -lt $text.Length -and $run.Editor.Spaces[[int]$text[$at]]) { $at++ }
        }
        if ($at -ge $text.Length) { return $out.ToString() }
        $next = $text.IndexOf([char]92, $at)
    }
    [void]$out.Append($text, $at, $text.Length - $at)
    return $out.ToString()
}

# So many characters from a place that counts from 0, or fewer where the text ends.
function EdMid($text, $from, $count) {
    if ($from -ge $text.Length) { return '' }
    return $text.Substring($from, [Math]::Min($count, $text.Length - $from))
}

function EdHex($text, $from, $to) {
    $n = 0
    for ($i = $from; $i -lt $to -and $i -lt $text.Length; $i++) {
        $digit = '0123456789abcdef'.IndexOf([char]::ToLowerInvariant($text[$i]))
        if ($digit -ge 0) { $n = $n * 16 + $digit }
    }
    return $n
}

# U+0000 becomes two bytes, since not every awk can hold it.
function EdUtf8($n) {
    if ($n -gt 0 -and $n -lt 128) { return [string][char]$n }
    $tail = [string][char](128 + $n % 64)
    $n = $n -shr 6
    if ($n -lt 32) { return [string][char](192 + $n) + $tail }
    $tail = [string][char](128 + $n % 64) + $tail
    $n = $n -shr 6
    if ($n -lt 16) { return [string][char](224 + $n) + $tail }
    return [string][char](240 + (($n -shr 6) -band 7)) + [string][char](128 + $n % 64) + $tail
}

# Makes one line, for records and answers; EdUnescape reverses it.
function EdOneLine($text) {
    if ($text -cnotmatch '[\\\t\r\n]') { return $text }
    return $text.Replace('\', '\\').Replace("`t", '\t').Replace("`r", '\r').Replace("`n", '\n')
}

function EdReference($name) { return $name.Replace('~', '~0').Replace('/', '~1') }

function EdUp($pointer) {
    $at = $pointer.LastIndexOf([char]47)
    if ($at -lt 0) { return '' }
    return $pointer.Substring(0, $at)
}

function EdWanted($pointer) {
    $want = $run.Editor.Want
    $want[''] = 1
    while ($pointer.Length -gt 0) {
        $want[$pointer] = 1
        $pointer = EdUp $pointer
    }
}

# Type and value at a pointer as one text; empty if there is nothing.
function EdContent($pointer) {
    $s = $run.Editor
    if (-not $s.Kind.ContainsKey($pointer)) { return '' }
    $kind = $s.Kind[$pointer]
    if (-not $s.Member.ContainsKey($pointer) -or $s.Boxes.ContainsKey($kind)) { return "$kind`t" }
    $m = $s.Member[$pointer]
    return "$kind`t" + (EdPlain (EdSlice $m.Val $m.End))
}

# ---------------------------------------------------------------------------------------------------------------
# Plans. That of the modes same and set: "set POINTER string|bool|int VALUE" is the value that a key shall have; "drop POINTER" says that
# at and below it there shall be only what the plan sets; "keep POINTER" that a table there stays, and is not set;
# "join POINTER" that the value of the plan goes behind what is there, after a comma; "kind POINTER string|number|whole|count|boolean|list|
# object|strings" that its reader takes the file for broken where something else is there (strings: a table of them; texts: a list; int: written
# as one; whole: one from 0; count: one from 1; small: one from 0 to 59999; positive: digits as a text, not from 0; nothing: it must not be there;
# ^NAME^NAME: a table with one of these; &NAME&NAME: with all of them; WORD|WORD|{object}|{/TABLE}: one of these words, a value of a kind in
# braces, or a name in a table; a star stands for any name without a row), "only POINTER KEY KEY..." where it has another key,
# "form POINTER WORDS VARIANTS" where it is neither one of the words nor a table with one of the variants and no other: each
# is NAME:KEY,KEY=WORD|WORD with the keys that it needs, and what they may be.

function EdReadRows {
    $s = $run.Editor
    foreach ($row in $s.Rows) {
        if ($row.Length -eq 0) { continue }
        $field = $row.Split([char]9)
        $p = if ($field.Length -gt 1) { $field[1] } else { '' }
        if ($p.Length -eq 0 -or -not (EdIsPointer $p)) { return $false }
        EdWanted $p
        if ([string]::Equals($field[0], 'drop')) { $s.Drops.Add($p); $s.Silent[$p] = 1 }
        elseif ([string]::Equals($field[0], 'keep')) { $s.Keep[$p] = 1 }
        elseif ([string]::Equals($field[0], 'join')) { $s.Join[$p] = 1 }
        elseif ([string]::Equals($field[0], 'kind') -and $field.Length -eq 3) { EdReadKind $p $field[2] }
        elseif ([string]::Equals($field[0], 'only') -and $field.Length -eq 3) { $s.Only[$p] = ' ' + $field[2] + ' ' }
        elseif ([string]::Equals($field[0], 'form') -and $field.Length -eq 4) { $s.Form[$p] = $field; EdWantForm $p $field[3] }
        elseif ([string]::Equals($field[0], 'set') -and $field.Length -gt 3) {
            $value = $row.Substring($field[0].Length + $p.Length + $field[2].Length + 3)
            if ($s.SetType.ContainsKey($p) -or -not (EdFits $field[2] $value)) { return $false }
            $s.Sets.Add($p); $s.SetType[$p] = $field[2]; $s.SetValue[$p] = $value; $s.Silent[$p] = 1
        } else { return $false }
    }
    foreach ($one in $s.Sets) {
        for ($p = EdUp $one; $p.Length -gt 0; $p = EdUp $p) {
            if ($s.SetType.ContainsKey($p)) { return $false }
            $s.Need[$p] = 1
        }
    }
    foreach ($one in $s.Sets) { $s.Need[$one] = 1 }
    return $true
}

# The row of a kind; of what leads to a star it is only known that it matters.
function EdReadKind($p, $kind) {
    $s = $run.Editor
    if (-not $p.Contains('*')) { $s.Kinds[$p] = $kind; return }
    $s.Star[$p] = $kind
    for ($p = EdUp $p; $p.Contains('*'); $p = EdUp $p) { if (-not $s.Star.ContainsKey($p)) { $s.Star[$p] = 'any' } }
}

function EdFits($type, $value) {
    if ([string]::Equals($type, 'string')) { return $true }
    if ([string]::Equals($type, 'bool')) { return $value -cmatch '\A(?:true|false)\z' }
    return [string]::Equals($type, 'int') -and $value -cmatch '\A(?:0|-?[1-9][0-9]*)\z' -and $value.Length -lt 19
}

# What ends with our value is as planned where it is to be joined.
function EdAcceptJoined {
    $s = $run.Editor
    foreach ($p in $s.Sets) {
        if (-not $s.Join.ContainsKey($p)) { continue }
        $v = EdContent $p
        if (-not (EdStarts $v "string`t")) { continue }
        $v = $v.Substring(7)
        if (EdEnds $v $s.SetValue[$p]) { $s.SetValue[$p] = $v }
    }
}

function EdStarts($text, $head) { return $text.StartsWith($head, [System.StringComparison]::Ordinal) }

function EdEnds($v, $ours) {
    return [string]::Equals($v, $ours) -or $v.EndsWith(',' + $ours, [System.StringComparison]::Ordinal)
}

# Takes out of the plan what a table that is to be kept stands in for.
function EdKeepTables {
    $s = $run.Editor
    $kept = [System.Collections.Generic.List[string]]::new()
    foreach ($p in $s.Sets) {
        if ($s.Keep.ContainsKey($p) -and $s.Kind.ContainsKey($p) -and $s.Tabular.ContainsKey($s.Kind[$p])) { $s.SetType.Remove($p) }
        else { $kept.Add($p) }
    }
    $s.Sets = $kept
}

# What is of another kind, or a key that is not to be there: the first in the file, or nothing.
function EdOddOne {
    $s = $run.Editor
    $s.Odds = ''
    foreach ($q in $s.Only.Keys) {
        foreach ($p in $s.Kind.Keys) {
            if ($p.Length -eq 0 -or -not [string]::Equals((EdUp $p), $q) -or $s.Only[$q].IndexOf(' ' + (EdNameOf $p) + ' ', [System.StringComparison]::Ordinal) -ge 0) { continue }
            EdOddAt $(if ($s.Where.ContainsKey($p)) { $p } else { $q }) ('an unknown key below ' + $q)
        }
    }
    foreach ($p in $s.Form.Keys) {
        if ($s.Kind.ContainsKey($p) -and (EdMisformed $p)) { EdOddAt $p ('is not of a form that its reader knows: ' + $p) }
    }
    foreach ($p in $s.Kinds.Keys) {
        if (EdHoldsStrings $p) {
            foreach ($q in (EdChildren $p)) {
                if ($s.Kind[$q] -cnotmatch '\A(?:string|date)\z') { EdOddAt $p ('must hold strings only: ' + $p) }
            }
            continue
        }
        if ($s.Kind.ContainsKey($p) -and -not (EdIsOfKind $p $s.Kinds[$p])) {
            EdOddAt $p ('must be of type ' + $s.Kinds[$p] + ': ' + $p)
        }
    }
    return $s.Odds
}

# Whether it is the container that its row wants to hold strings alone.
function EdHoldsStrings($p) {
    $s = $run.Editor
    if (-not $s.Kind.ContainsKey($p)) { return $false }
    if ([string]::Equals($s.Kinds[$p], 'texts')) { return [string]::Equals($s.Kind[$p], 'array') }
    return [string]::Equals($s.Kinds[$p], 'strings') -and $s.Tabular.ContainsKey($s.Kind[$p])
}

# Rows for what the file has where a row has a star; with lines inside, since nothing of that is edited. Returns whether there are any.
function EdUnstar {
    $s = $run.Editor
    $found = $false
    foreach ($p in $s.Star.Keys) {
        $head = $p.Substring(0, $p.IndexOf([char]42))
        $like = '\A' + $p.Replace('*', '[^/]+') + '\z'
        foreach ($q in $s.Kind.Keys) {
            if ($s.Kinds.ContainsKey($q) -or -not (EdStarts $q $head) -or $q -cnotmatch $like) { continue }
            $s.Kinds[$q] = $s.Star[$p]
            $found = $true
            if (-not $s.Want.ContainsKey($q)) { $s.Want[$q] = 2 }
        }
    }
    return $found
}

function EdChildren($p) {
    foreach ($q in $run.Editor.Kind.Keys) { if ($q.Length -gt 0 -and [string]::Equals((EdUp $q), $p)) { $q } }
}

function EdWantForm($p, $variants) {
    foreach ($variant in $variants.Split([char]32)) {
        $name, $needs = $variant.Split([char]58)
        foreach ($need in $needs.Split([char]44)) { EdWanted ($p + '/' + $name + '/' + $need.Split([char]61)[0]) }
    }
}

function EdMisformed($p) {
    $s = $run.Editor
    $form = $s.Form[$p]
    if ([string]::Equals($s.Kind[$p], 'string')) { return -not (EdHasWord $form[2] 32 (EdContent $p).Substring(7)) }
    $inside = @(EdChildren $p)
    if ($inside.Count -ne 1) { return $true }
    $name = EdNameOf $inside[0]
    foreach ($variant in $form[3].Split([char]32)) {
        $known, $needs = $variant.Split([char]58)
        if (-not [string]::Equals($known, $name)) { continue }
        foreach ($need in $needs.Split([char]44)) {
            $key, $words = $need.Split([char]61)
            $q = $p + '/' + $name + '/' + $key
            if (-not $s.Kind.ContainsKey($q)) { return $true }
            if ($words -and (-not (EdStarts (EdContent $q) "string`t") -or -not (EdHasWord $words 124 (EdContent $q).Substring(7)))) { return $true }
        }
        return $false
    }
    return $true
}

function EdIsOfKind($p, $wanted) {
    if ([string]::Equals($run.Editor.Kind[$p], $wanted) -or [string]::Equals($wanted, 'any')) { return $true }
    $kind = EdKindWord $run.Editor.Kind[$p]
    if ([int]$wanted[0] -eq 94) { return [string]::Equals($kind, 'object') -and (EdCountOf $p $wanted) -eq 1 }
    if ([int]$wanted[0] -eq 38) { return [string]::Equals($kind, 'object') -and (EdCountOf $p $wanted) -eq $wanted.Split([char]38).Length - 1 }
    if ([string]::Equals($wanted, 'whole')) { return (EdContent $p) -cmatch '\Aint\t[+]?[0-9]' }
    if ([string]::Equals($wanted, 'small')) { return (EdContent $p) -cmatch '\A(?:int|float)\t[0-5]?[0-9]{1,4}(?:[.][0-9]+)?\z' }
    if ([string]::Equals($wanted, 'positive')) { return (EdContent $p) -cmatch '\Astring\t[1-9][0-9]*\z' }
    if ([string]::Equals($wanted, 'count')) { return (EdContent $p) -cmatch '\Aint\t[1-9]' }
    if (-not $wanted.Contains('|')) { return [string]::Equals($kind, $wanted) }
    if (-not [string]::Equals($kind, 'string')) { return EdHasWord $wanted 124 ('{' + $kind + '}') }
    $text = (EdContent $p).Substring(7)
    if (EdHasWord $wanted 124 $text) { return $true }
    $inTable = [regex]::Match($wanted, '[{](/[^}]*)')
    return $inTable.Success -and $run.Editor.Kind.ContainsKey($inTable.Groups[1].Value + '/' + (EdReference $text))
}

# How many of the keys a table has that follow a mark in a kind.
function EdCountOf($p, $wanted) {
    $n = 0
    foreach ($name in $wanted.Substring(1).Split([char]$wanted[0])) { if ($run.Editor.Kind.ContainsKey($p + '/' + $name)) { $n++ } }
    return $n
}

function EdHasWord($words, $between, $word) { return [System.Array]::IndexOf($words.Split([char]$between), $word) -ge 0 }

function EdKindWord($kind) {
    if ($run.Editor.KindWords.ContainsKey($kind)) { return $run.Editor.KindWords[$kind] }
    return $kind
}

# Of two at one place the first by its words.
function EdOddAt($p, $why) {
    $s = $run.Editor
    $at = $s.Where[$p]
    if ($s.Odds.Length -eq 0 -or $at -lt $s.OddsAt -or ($at -eq $s.OddsAt -and [string]::CompareOrdinal($why, $s.Odds) -lt 0)) {
        $s.Odds = $why
        $s.OddsAt = $at
    }
}

function EdRefuseOdd { return EdRefuse 3 ($run.Editor.File + ':' + (EdPlace $run.Editor.OddsAt) + ': ' + $run.Editor.Odds) }

# The last part of a pointer, as plain text.
function EdNameOf($p) { return $p.Substring($p.LastIndexOf([char]47) + 1).Replace('~1', '/').Replace('~0', '~') }

function EdTarget($p) { return $run.Editor.SetType[$p] + "`t" + $run.Editor.SetValue[$p] }

# Whether a drop of the plan removes what is at this pointer.
function EdDoomed($p) {
    $s = $run.Editor
    foreach ($drop in $s.Drops) {
        if (-not (EdWithin $p $drop)) { continue }
        for ($q = $p; EdWithin $q $drop; $q = EdUp $q) { if (-not $s.Need.ContainsKey($q)) { return $true } }
        $kind = if ($s.Kind.ContainsKey($p)) { $s.Kind[$p] } else { '' }
        if ($s.SetType.ContainsKey($p)) { return @('object', 'array', 'table', 'tables') -ccontains $kind }
        return -not $s.Tabular.ContainsKey($kind)
    }
    return $false
}

# Whether a pointer is at or below another.
function EdWithin($p, $top) { return [string]::Equals($p, $top) -or (EdBelow $p $top) }

function EdBelow($p, $top) { return $p.Length -gt $top.Length -and $p[$top.Length] -eq [char]47 -and (EdStarts $p $top) }

function EdIsPointer($p) { return ($p.Length -eq 0 -or [int]$p[0] -eq 47) -and $p -cnotmatch '~(?:[^01]|\z)' }

# ---------------------------------------------------------------------------------------------------------------
# Mode get. Plan: "get POINTER". Answers are POINTER, type and value, with tabs between; in the value tab, line end and backslash are escaped.

function EdReadQuestions {
    $s = $run.Editor
    foreach ($row in $s.Rows) {
        if ($row.Length -eq 0) { continue }
        $field = $row.Split([char]9)
        if ($field.Length -lt 2 -or -not [string]::Equals($field[0], 'get') -or -not (EdIsPointer $field[1])) { return $false }
        $s.Asked.Add($field[1])
        EdWanted $field[1]
    }
    return $true
}

function EdAnswer {
    $s = $run.Editor
    foreach ($p in $s.Asked) {
        $content = EdContent $p
        if ($content.Length -eq 0) { $content = "absent`t" }
        $type = $content.Substring(0, $content.IndexOf([char]9))
        $shown = $type
        if ($s.Headed.ContainsKey($type)) { $shown = 'object' } elseif ($type -eq 'tables') { $shown = 'array' }
        $s.Answers.Add($p + "`t" + $shown + "`t" + (EdOneLine $content.Substring($type.Length + 1)))
    }
    return 0
}

# ---------------------------------------------------------------------------------------------------------------
# Mode same. Plan: see above. Code 1 if the file is as the plan says, 0 if the mode set would change it.

function EdCompare {
    $s = $run.Editor
    $isDifferent = $false
    if ((EdOddOne).Length -gt 0) { return EdRefuseOdd }
    EdKeepTables
    EdAcceptJoined
    foreach ($p in $s.Sets) {
        for ($q = EdUp $p; $q.Length -gt 0; $q = EdUp $q) {
            if ($s.Kind.ContainsKey($q) -and -not $s.Tabular.ContainsKey($s.Kind[$q]) -and -not (EdDoomed $q)) {
                return EdRefuse 3 ($s.File + ':' + (EdPlace $s.Where[$q]) + ': not a table: ' + $q)
            }
        }
        if ($s.Kind.ContainsKey($p) -and -not (EdIsSingle $p) -and -not (EdDoomed $p)) {
            return EdRefuse 3 ($s.File + ':' + (EdPlace $s.Where[$p]) + ': not a single value: ' + $p)
        }
        if (-not [string]::Equals((EdContent $p), (EdTarget $p))) { $isDifferent = $true }
    }
    foreach ($m in $s.Members) { if (EdDoomed $m.Path) { $isDifferent = $true } }
    return [int](-not $isDifferent)
}

# Whether one value is there that can be replaced where it is.
function EdIsSingle($p) {
    $s = $run.Editor
    return $s.Member.ContainsKey($p) -and -not (EdStarts $s.Kind[$p] 'object') -and -not (EdStarts $s.Kind[$p] 'array') -and -not (EdStarts $s.Kind[$p] 'table')
}

# ---------------------------------------------------------------------------------------------------------------
# Edits: at a place, remove so many bytes and insert a text. EdApply makes the next generation from them.

function EdEdit($at, $out, $text) {
    $run.Editor.Edits.Add(@{ At = $at; Out = $out; Text = $text; Anchor = ''; End = 0; Path = '' })
}

function EdSortEdits {
    $edits = $run.Editor.Edits
    for ($i = 1; $i -lt $edits.Count; $i++) {
        $one = $edits[$i]
        for ($j = $i; $j -gt 0 -and $edits[$j - 1].At -gt $one.At; $j--) { $edits[$j] = $edits[$j - 1] }
        $edits[$j] = $one
    }
}

# Returns the next generation.
function EdApply {
    $s = $run.Editor
    EdSortEdits
    $out = [System.Text.StringBuilder]::new()
    $at = 1
    foreach ($edit in $s.Edits) {
        if ($edit.At -lt $at) { $s.Why = 'edits overlap' }
        elseif ($edit.At -gt $at) { [void]$out.Append($s.Text, $at - 1, $edit.At - $at) }
        [void]$out.Append($edit.Text)
        $at = $edit.At + $edit.Out
    }
    if ($at -le $s.Length) { [void]$out.Append($s.Text, $at - 1, $s.Length - $at + 1) }
    $s.Edits.Clear()
    return $out.ToString()
}

# ---------------------------------------------------------------------------------------------------------------
# Places in the text around an edit.

# Where the blanks begin that end just before a place, and where those end that begin at it.
function EdBlankStart($at) {
    $text = $run.Editor.Text
    $from = [Math]::Max(1, $at - 400)
    while ($at -gt $from -and ([int]$text[$at - 2] -eq 32 -or [int]$text[$at - 2] -eq 9)) { $at-- }
    return $at
}

function EdBlankEnd($at) {
    $s = $run.Editor
    $to = [Math]::Min($s.Length, $at + 400)
    while ($at -le $to -and ([int]$s.Text[$at - 1] -eq 32 -or [int]$s.Text[$at - 1] -eq 9)) { $at++ }
    return $at
}

# The length of the line end just before a place, or at it.
function EdBreakBefore($at) {
    $c = EdCode ($at - 1)
    if ($c -eq 10 -and (EdCode ($at - 2)) -eq 13) { return 2 }
    return [int]($c -eq 10 -or $c -eq 13)
}

function EdBreakAt($at) {
    $c = EdCode $at
    if ($c -eq 13 -and (EdCode ($at + 1)) -eq 10) { return 2 }
    return [int]($c -eq 10 -or $c -eq 13)
}

function EdHasBreak($text) { return $text.IndexOf([char]10) -ge 0 -or $text.IndexOf([char]13) -ge 0 }

function EdIsBlank($text) { return $text -cmatch '\A[ \t]*\z' }

# ---------------------------------------------------------------------------------------------------------------
# Records: what the undo needs.

function EdReadRecord($line) {
    $s = $run.Editor
    $field = $line.Split([char]9)
    if ($field.Length -lt 6) { return }
    $one = @{ Verb = $field[0]; Path = (EdUnescape $field[1]); Sum = $field[2]; A = (EdUnescape $field[3]); B = (EdUnescape $field[4]); C = (EdUnescape $field[5]) }
    $s.Records.Add($one)
    if (-not [string]::Equals($one.Verb, 'cut')) { $s.Ours[$one.Path] = $one }
}

# A checksum that tells whether a value is still the one that was set; too short to give the value away.
function EdSum($text) {
    $h = [long]1
    foreach ($c in $text.ToCharArray()) { $h = ($h * 1000003 + [int]$c) % 2147483647 }
    return "$h"
}

function EdSumOf($p, $text) { return EdSum ($p + "`t" + $text) }

# Whether this content is what the last set wrote, or the one before.
function EdMine($p, $text) {
    $s = $run.Editor
    if (-not $s.Ours.ContainsKey($p) -or [string]::Equals($s.Ours[$p].Verb, 'box')) { return $false }
    return (',' + $s.Ours[$p].Sum + ',').IndexOf(',' + (EdSumOf $p $text) + ',', [System.StringComparison]::Ordinal) -ge 0
}

# ---------------------------------------------------------------------------------------------------------------
# Removing members, for both set and undo.

function EdTakeOut($m, $record) {
    $s = $run.Editor
    $key = $m.Key
    $end = $m.End
    $from = $key - $record.A.Length
    $to = $end + $record.B.Length
    if (-not [string]::Equals((EdSlice $from ($key - 1)), $record.A)) { $from = 0 }
    if (-not [string]::Equals((EdSlice ($end + 1) $to), $record.B)) { $to = $end }
    if ([string]::Equals($m.Host, '#top')) { $from = $key }
    elseif (EdIsSection $m.Host) {
        if (-not $from) { $from = EdBlankStart $key }
        if ($to -eq $end -and (EdBreakBefore $from)) {
            $n = EdBreakAt (EdBlankEnd ($to + 1))
            if ($n) { $to = (EdBlankEnd ($to + 1)) + $n - 1 }
        }
    } else {
        # Of the commas around it the one behind goes if something stays behind, else the one before.
        $comma = $m.Comma
        if (-not (EdStays $m 'Next') -and (EdStays $m 'Prev')) { $comma = $m.Prev.Comma }
        if (-not $from) {
            # Laid out anew since: it goes with its own line, or with the blanks behind it.
            $k = EdBlankEnd ([Math]::Max($m.Comma, $end) + 1)
            $from = EdBlankStart $key
            if ((EdBreakAt $k) -or $k -eq $s.Close[$m.Host]) { $from = $from - (EdBreakBefore $from) } else { $from = $key }
        }
        if ($comma -eq $to + 1) { $to++ }
        elseif ($comma) { EdEdit $comma 1 '' }
    }
    if ($from -lt $s.Free) { $from = $s.Free }
    $s.Free = $to + 1
    EdEdit $from ($to - $from + 1) ''
}

function EdIsSection($container) { return $container.Length -gt 0 -and [int]$container[0] -eq 35 }

# The nearest member on one side that is not removed.
function EdStays($m, $side) {
    do { $m = $m[$side] } while ($m -and $run.Editor.Gone.ContainsKey($m.Number))
    return $m
}

# ---------------------------------------------------------------------------------------------------------------
# Mode set. Plan: see above. The record may hold values of the file as it was but none from the plan; before is the record of the last
# set, if there was one: then the new record leads back to the first original.

function EdReadSettings {
    $s = $run.Editor
    if (-not (EdReadRows)) { return $false }
    foreach ($line in $s.Before) { EdReadRecord $line }
    foreach ($one in $s.Records) {
        if ([string]::Equals($one.Verb, 'cut')) { continue }
        foreach ($drop in $s.Drops) { if (EdWithin $one.Path $drop) { EdWanted $one.Path } }
    }
    return $true
}

function EdSetAll {
    $s = $run.Editor
    if ((EdOddOne).Length -gt 0) { return EdRefuseOdd }
    EdKeepTables
    EdAcceptJoined
    EdJoinValues
    $isNew = $false
    foreach ($pass in 'EdRetire', 'EdCutForeign') {
        & $pass
        if ($s.Edits.Count -eq 0) { continue }
        $isNew = $true
        if (-not (EdParse (EdApply) $null)) { return EdRefuse 4 ($s.File + ': nothing valid is left') }
    }
    EdSetValues
    if ($s.Why.Length -gt 0) { return EdRefuse 3 ($s.File + ':' + $s.Why) }
    if ($s.Edits.Count -gt 0) { $isNew = $true }
    if (-not $isNew) { return 1 }
    if (-not (EdVerified (EdApply))) { return EdRefuse 4 ($s.File + ': the result did not stand the check') }
    foreach ($p in $s.Sets) { if (-not [string]::Equals((EdContent $p), (EdTarget $p))) { return EdRefuse 4 ($s.File + ': a value is not in the result') } }
    foreach ($m in $s.Members) { if (EdDoomed $m.Path) { return EdRefuse 4 ($s.File + ': a dropped key is in the result') } }
    EdCarryRecords
    return 0
}

# Puts the owner's value before ours. Where ours has changed, the owner's is in the record; where the owner wrote behind ours, it is what
# is left without ours.
function EdJoinValues {
    $s = $run.Editor
    foreach ($p in $s.Sets) {
        if (-not $s.Join.ContainsKey($p)) { continue }
        $v = EdContent $p
        if (-not (EdStarts $v "string`t") -or [string]::Equals($v, (EdTarget $p))) { continue }
        $owners = ''
        if (-not (EdMine $p $v)) {
            $owners = EdWithout $v.Substring(7) $s.SetValue[$p]
            if (-not [string]::Equals($owners, $v.Substring(7))) { $s.Owners[$p] = $owners }
        } elseif ([string]::Equals($s.Ours[$p].Verb, 'was') -and $s.Ours[$p].A -cmatch '\A["'']') {
            $owners = EdPlain $s.Ours[$p].A
        }
        if ($owners.Length -gt 0) { $s.SetValue[$p] = $owners + ',' + $s.SetValue[$p] }
    }
}

# A list without one of its parts.
function EdWithout($list, $ours) {
    $list = ",$list,"
    $part = ",$ours,"
    for (;;) {
        $at = $list.IndexOf($part, [System.StringComparison]::Ordinal)
        if ($at -lt 0) { break }
        $list = $list.Substring(0, $at + 1) + $list.Substring($at + $part.Length)
    }
    if ($list.Length -lt 3) { return '' }
    return $list.Substring(1, $list.Length - 2)
}

# Records of the last set that this one did not replace stay valid.
function EdCarryRecords {
    $s = $run.Editor
    foreach ($one in $s.Records) {
        $id = $one.Path
        if ([string]::Equals($one.Verb, 'cut')) { $id = 'cut' + $id }
        if ($s.New.ContainsKey($id)) { continue }
        if (-not [string]::Equals($one.Verb, 'box') -or $s.Kind.ContainsKey($one.Path)) { EdRecord $one.Verb $one.Path $one.Sum $one.A $one.B $one.C }
    }
}

function EdRecord($verb, $p, $check, $a, $b, $c) {
    $run.Editor.Record.Add($verb + "`t" + (EdOneLine $p) + "`t" + $check + "`t" + (EdOneLine $a) + "`t" + (EdOneLine $b) + "`t" + (EdOneLine $c))
}

# ---------------------------------------------------------------------------------------------------------------
# First pass: what drop names and the plan does not set is cut out.

# What the last set wrote and this one drops is not foreign: it is removed, or becomes what it was, before anything is cut and recorded.
# Its record stays: a run can be killed before the file is replaced.
function EdRetire {
    $s = $run.Editor
    $s.Gone = @{}
    $s.Free = 0
    foreach ($one in $s.Records) {
        $p = $one.Path
        if ($one.Verb -cnotmatch '\A(?:put|was)\z' -or -not $s.Member.ContainsKey($p) -or -not (EdDoomed $p) -or -not (EdMine $p (EdContent $p))) { continue }
        $m = $s.Member[$p]
        if ([string]::Equals($one.Verb, 'was')) { EdEdit $m.Val ($m.End - $m.Val + 1) $one.A } else { $s.Gone[$m.Number] = $one }
    }
    foreach ($m in $s.Members) { if ($s.Gone.ContainsKey($m.Number)) { EdTakeOut $m $s.Gone[$m.Number] } }
}

function EdCutForeign {
    $s = $run.Editor
    $end = 0
    $s.Gone = @{}
    $s.Held = EdMap
    $s.HeldEnd = EdMap
    foreach ($m in $s.Members) {
        if ($m.Key -le $end -or -not (EdDoomed $m.Path)) { continue }
        $s.Gone[$m.Number] = 1
        $end = if (EdIsSection $m.Host) { EdCutLine $m } else { EdCutInside $m $end }
    }
    EdSortEdits
    EdRecordCuts
}

# A statement or a header goes with its line; its place is told from what stands above it.
function EdCutLine($m) {
    $s = $run.Editor
    $anchor = $m.Above
    $k = $m.AboveEnd
    if ($s.Held.ContainsKey($anchor)) {
        $k = $s.HeldEnd[$anchor]
        $anchor = $s.Held[$anchor]
    }
    $s.Held[$m.Id] = $anchor
    $s.HeldEnd[$m.Id] = $k
    $to = $m.Line - 1
    EdCut (EdBlankStart $m.Key) $to $m.Path $anchor $k
    return $to
}

# A member with lines of its own goes with them, any other with the blanks on one side.
function EdCutInside($m, $end) {
    $s = $run.Editor
    $k = EdStays $m 'Prev'
    $comma = $m.Comma
    $anchor = if ($k) { $k.Id } else { $m.Host + '{' }
    $from = EdBlankStart $m.Key
    $to = [Math]::Max($comma, $m.End)
    if ((EdBreakBefore $from) -and (EdBreakAt (EdBlankEnd ($to + 1)))) {
        $to = EdBlankEnd ($to + 1)
        $to += (EdBreakAt $to) - 1
    } elseif ($comma) {
        $from = $m.Key
        $to = (EdBlankEnd ($to + 1)) - 1
    }
    if ($from -le $end) { $from = $end + 1 }
    if (-not $comma -and $k -and $k.Comma) { EdCut $k.Comma $k.Comma $m.Path $anchor ($k.End + 1) }
    EdCut $from $to $m.Path $anchor $(if ($k) { $k.End + 1 } else { $s.Open[$m.Host] + 1 })
    return $to
}

function EdCut($from, $to, $p, $anchor, $end) {
    $s = $run.Editor
    EdEdit $from ($to - $from + 1) ''
    $edit = $s.Edits[$s.Edits.Count - 1]
    $edit.Anchor = $anchor
    $edit.End = $end
    $edit.Path = $p
    $s.New['cut' + $p] = 1
}

# The place of a cut is its anchor and the text between the two, without other cuts.
function EdRecordCuts {
    $s = $run.Editor
    $anchor = ''
    $at = 1
    $gap = ''
    foreach ($edit in $s.Edits) {
        if (-not [string]::Equals($edit.Anchor, $anchor)) {
            $anchor = $edit.Anchor
            $at = $edit.End
            $gap = ''
        }
        $gap = $gap + (EdSlice $at ($edit.At - 1))
        $at = $edit.At + $edit.Out
        EdRecord 'cut' $edit.Path (EdSum $gap) $anchor "$($gap.Length)" (EdSlice $edit.At ($at - 1))
    }
}

# ---------------------------------------------------------------------------------------------------------------
# Second pass: values are replaced where they are, or put in.

function EdSetValues {
    $s = $run.Editor
    EdFindStyle
    $s.Done = EdMap
    foreach ($p in $s.Sets) {
        for ($q = EdUp $p; ; $q = EdUp $q) {
            if ($s.Kind.ContainsKey($q) -and -not $s.Tabular.ContainsKey($s.Kind[$q])) { return EdFail $s.Where[$q] ('not a table: ' + $q) }
            if ($q.Length -eq 0) { break }
        }
        if (-not $s.Kind.ContainsKey($p)) { $s.Missing.Add($p); continue }
        if (-not (EdIsSingle $p)) { return EdFail $s.Where[$p] ('not a single value: ' + $p) }
        $old = EdContent $p
        if ([string]::Equals($old, (EdTarget $p))) { continue }
        $m = $s.Member[$p]
        EdEdit $m.Val ($m.End - $m.Val + 1) (EdLiteral $p)
        $s.New[$p] = 1
        $sum = EdSumOf $p (EdTarget $p)
        if (-not (EdMine $p $old)) {
            $was = if ($s.Owners.ContainsKey($p)) { EdQuote $s.Owners[$p] } else { EdSlice $m.Val $m.End }
            EdRecord 'was' $p $sum $was '' ''
        } else {
            # With the sum of what it replaces, too: the record is written before the file, and a run can be killed between the two.
            $one = $s.Ours[$p]
            EdRecord $one.Verb $p ($sum + ',' + (EdSumOf $p $old)) $one.A $one.B $one.C
        }
    }
    if ($s.Missing.Count -eq 0) { return }
    if ($s.IsToml) { EdInsertToml } else { EdInsertJson }
}

function EdLiteral($p) {
    $s = $run.Editor
    if ([string]::Equals($s.SetType[$p], 'string')) { return EdQuote $s.SetValue[$p] }
    return $s.SetValue[$p]
}

# Puts in a member of a container that has braces: records it and returns its text. Gap is what goes before each key.
function EdFresh($p, $gap) {
    $s = $run.Editor
    $text = ''
    if ($p.Length -gt 0) { $text = (EdWritten (EdNameOf $p)) + $s.Colon }
    if ($s.SetType.ContainsKey($p)) { return $text + (EdLiteral $p) }
    $hasLines = EdHasBreak $gap
    $inner = if ($hasLines) { $gap + $s.Unit } elseif (EdEndsBlank $s.Colon) { ' ' } else { '' }
    $out = ''
    foreach ($one in $s.Sets) {
        if (-not (EdBelow $one $p)) { continue }
        $c = EdStep $one $p
        if ($s.Done.ContainsKey($c)) { continue }
        $s.Done[$c] = 1
        EdEnter $c $inner ''
        if ($out.Length -gt 0) { $out = $out + ',' + $inner } elseif ($hasLines -or $s.IsToml) { $out = $inner }
        $out = $out + (EdFresh $c $inner)
    }
    $last = if ($hasLines) { $gap } elseif ($s.IsToml) { ' ' } else { '' }
    return $text + '{' + $out + $last + '}'
}

function EdEndsBlank($text) { return $text.Length -gt 0 -and [int]$text[$text.Length - 1] -eq 32 }

function EdEnter($p, $before, $after) {
    $s = $run.Editor
    $s.New[$p] = 1
    if ($s.SetType.ContainsKey($p)) { EdRecord 'put' $p (EdSumOf $p (EdTarget $p)) $before $after '' } else { EdRecord 'box' $p '' $before $after '' }
}

function EdWritten($name) {
    if ($run.Editor.IsToml -and $name -cmatch '\A[A-Za-z0-9_-]+\z') { return $name }
    return EdQuote $name
}

function EdQuote($text) {
    $out = [System.Text.StringBuilder]::new()
    [void]$out.Append([char]34)
    $short = $run.Editor.Short
    foreach ($char in $text.ToCharArray()) {
        $c = [int]$char
        if ($c -ge 32 -and $c -ne 34 -and $c -ne 92 -and $c -ne 127) { [void]$out.Append($char) }
        elseif ($short.ContainsKey($c)) { [void]$out.Append($short[$c]) }
        else { [void]$out.Append('\u').Append($c.ToString('X4', [System.Globalization.CultureInfo]::InvariantCulture)) }
    }
    [void]$out.Append([char]34)
    return $out.ToString()
}

# The pointer just below top on the way to p.
function EdStep($p, $top) {
    $end = $p.IndexOf([char]47, $top.Length + 1)
    if ($end -lt 0) { return $p }
    return $p.Substring(0, $end)
}

function EdInsertJson {
    $s = $run.Editor
    if (-not $s.Kind.ContainsKey('')) {
        $after = if ($s.Length -gt 0) { '' } else { $s.Eol }
        EdEnter '' '' $after
        EdEdit 1 0 ((EdFresh '' $s.Eol) + $after)
        return
    }
    foreach ($p in $s.Missing) { if (-not $s.Done.ContainsKey($p)) { EdAddMembers (EdNearest $p) } }
}

# The deepest container on the way to p that exists.
function EdNearest($p) {
    do { $p = EdUp $p } while (-not $run.Editor.Kind.ContainsKey($p))
    return $p
}

# ---------------------------------------------------------------------------------------------------------------
# Mode set: where new keys go, and in which style.

# Line end, indentation and colon as the file has them.
function EdFindStyle {
    $s = $run.Editor
    $s.Eol = "`n"
    $s.Unit = '  '
    $s.Colon = if ($s.IsToml) { ' = ' } else { ': ' }
    $at = 1 + $s.Text.IndexOfAny([char[]]@(10, 13))
    if ($at -gt 0) { $s.Eol = EdSlice $at ($at + (EdBreakAt $at) - 1) }
    if ($s.HasComments -and [string]::Equals($s.Eol, "`r")) { $s.Eol = "`n" }
    if (-not $s.First.ContainsKey('')) { return }
    $m = $s.First['']
    $s.Colon = EdColon $m
    $lead = EdSlice (EdBlankStart $m.Key) ($m.Key - 1)
    if ($lead.Length -gt 0 -and (EdBreakBefore ($m.Key - $lead.Length))) { $s.Unit = $lead }
}

function EdColon($m) {
    $s = $run.Editor
    $text = EdSlice ($m.Name + 1) ($m.Val - 1)
    if ($s.IsToml) {
        if ([string]::Equals($text, '=')) { return $text }
        return ' = '
    }
    if ($text -cmatch '\A ?: ?\z') { return $text }
    return ': '
}

# The blanks at the start of the line that holds a place.
function EdIndentAt($at) {
    $a = $at
    while ($a -gt 1 -and $at - $a -lt 4096 -and -not (EdHasBreak (EdSlice ($a - 1) ($a - 1)))) { $a-- }
    $end = [Math]::Min((EdBlankEnd $a), $at)
    return EdSlice $a ($end - 1)
}

# The end of the comments that follow on the line; with lines, of all that follow. Sets RunsOn if the last one ends with its line.
function EdAfterComments($at, $lines) {
    $s = $run.Editor
    $s.RunsOn = $false
    if ($s.Format -ne 'jsonc') { return $at }
    $blanks = if ($lines) { '[ \t\r\n]+' } else { '[ \t]+' }
    $found = [System.Text.RegularExpressions.Regex]::Match((EdSlice $at $s.Length), '\A(?:' + $blanks + '|(//[^\r\n]*|/\*(?>(?:[^*]+|\*(?!/))*)\*/))*')
    $comment = $found.Groups[1]
    if (-not $comment.Success) { return $at }
    $s.RunsOn = EdStarts $comment.Value '//'
    return $at + $comment.Index + $comment.Length
}

# Puts everything that is missing in the container a behind its last member.
function EdAddMembers($a) {
    $s = $run.Editor
    $where = if ($s.Last.ContainsKey($a)) { EdBehindLast $a } else { EdInEmpty $a }
    $steps = [System.Collections.Generic.List[string]]::new()
    foreach ($p in $s.Missing) {
        if (-not [string]::Equals((EdHostOf $p), $a)) { continue }
        $c = if ([string]::Equals((EdNearest $p), $a)) { EdStep $p $a } else { $p }
        if ($s.Done.ContainsKey($c)) { continue }
        $s.Done[$c] = 1
        $steps.Add($c)
    }
    # The inner calls of EdFresh write their records between, so the order of a container stays that of the text.
    $text = ''
    for ($i = 0; $i -lt $steps.Count; $i++) {
        $c = $steps[$i]
        EdEnter $c $where.Gap $(if ($i -eq $steps.Count - 1) { $where.Tail } else { '' })
        if ($i -gt 0) { $text = $text + ',' }
        $member = if ([string]::Equals((EdUp $c), $a)) { EdFresh $c $where.Gap } else { (EdDotted $c $a) + $s.Colon + (EdLiteral $c) }
        $text = $text + $where.Gap + $member
    }
    EdEdit $where.At 0 ($text + $where.Tail)
}

function EdBehindLast($a) {
    $s = $run.Editor
    $m = $s.Last[$a]
    $before = $m.Prev
    $s.Colon = EdColon $m
    $lead = EdSlice ($(if ($before) { $before.Comma } else { $s.Open[$a] }) + 1) ($m.Key - 1)
    $at = EdAfterComments ($m.End + 1) $false
    if ($s.RunsOn -or (EdHasBreak $lead)) { $gap = $s.Eol + (EdIndentAt $m.Key) }
    elseif ($before -and (EdIsBlank $lead)) { $gap = $lead }
    else { $gap = if ($s.IsToml -or (EdEndsBlank $s.Colon)) { ' ' } else { '' } }
    EdEdit ($m.End + 1) 0 ','
    return @{ At = $at; Gap = $gap; Tail = '' }
}

function EdInEmpty($a) {
    $s = $run.Editor
    $at = EdAfterComments ($s.Open[$a] + 1) $true
    $inside = EdSlice ($s.Open[$a] + 1) ($s.Close[$a] - 1)
    $rest = EdSlice $at ($s.Close[$a] - 1)
    $hasLines = -not $s.IsToml -and ($a.Length -eq 0 -or $s.RunsOn -or (EdHasBreak $inside) -or (EdBreakBefore (EdBlankStart $s.Member[$a].Key)))
    if ($hasLines) {
        $indent = $s.Eol + (EdIndentAt $s.Open[$a])
        return @{ At = $at; Gap = $indent + $s.Unit; Tail = $(if (EdHasBreak $rest) { '' } else { $indent }) }
    }
    $gap = if ($inside.Length -gt 0 -and (EdIsBlank $inside)) { $inside } elseif ($s.IsToml) { ' ' } else { '' }
    return @{ At = $at; Gap = $gap; Tail = $(if ($s.IsToml -and $rest.Length -eq 0) { ' ' } else { '' }) }
}

# Where a missing pointer goes: a container with braces, a section ("#2"), or a section to be made ("+/a/b").
function EdHostOf($p) {
    $s = $run.Editor
    $a = EdNearest $p
    $kind = $s.Kind[$a]
    if ($kind -eq 'object') { return $a }
    if ($kind -eq 'dotted') { return $s.Host[$a] }
    if ($kind -eq 'table' -and [string]::Equals($a, (EdUp $p))) { return $s.Inside[$a] }
    return '+' + (EdUp $p)
}

function EdDotted($p, $top) {
    $out = ''
    while (-not [string]::Equals($p, $top)) {
        $name = EdWritten (EdNameOf $p)
        $out = if ($out.Length -gt 0) { $name + '.' + $out } else { $name }
        $p = EdUp $p
    }
    return $out
}

function EdInsertToml {
    $s = $run.Editor
    $sections = [System.Collections.Generic.List[string]]::new()
    foreach ($p in $s.Missing) {
        $container = EdHostOf $p
        if (EdIsSection $container) { EdAddLine $p $container }
        elseif ((EdStarts $container '/') -and -not $s.Done.ContainsKey($p)) { EdAddMembers $container }
    }
    foreach ($p in $s.Missing) {
        $container = EdHostOf $p
        if (-not (EdStarts $container '+') -or $s.Done.ContainsKey($container)) { continue }
        EdAddSection $container.Substring(1) ($sections.Count -gt 0)
        $s.Done[$container] = 1
        $sections.Add($container)
    }
}

function EdUnfinished {
    $s = $run.Editor
    return $s.Length -gt 0 -and (EdCode $s.Length) -ne 10
}

# A statement below the last one of its section, with the same indentation.
function EdAddLine($p, $section) {
    $s = $run.Editor
    $hasLast = $s.Last.ContainsKey($section)
    $m = $null
    if ($hasLast) { $m = $s.Last[$section] } elseif (-not [string]::Equals($section, '#0')) { $m = $s.Member[$s.Base[$section]] }
    $at = if ($m) { $m.Line } elseif ($s.Sections) { 1 } else { $s.Length + 1 }
    $before = ''
    if ($m) { $before = EdSlice (EdBlankStart $m.Key) ($m.Key - 1) }
    $after = $s.Eol
    if ($at -gt $s.Length -and (EdUnfinished)) {
        $before = $s.Eol + $before
        $after = ''
    }
    $s.Colon = if ($hasLast) { EdColon $m } else { ' = ' }
    EdEnter $p $before $after
    EdEdit $at 0 ($before + (EdDotted $p $s.Base[$section]) + $s.Colon + (EdLiteral $p) + $after)
}

# A new section at the end of the file.
function EdAddSection($p, $follows) {
    $s = $run.Editor
    $isUnfinished = EdUnfinished
    $end = if ($isUnfinished) { '' } else { $s.Eol }
    $break = if ($isUnfinished) { $s.Eol } else { '' }
    $lead = $s.Eol
    if ($isUnfinished) { $lead = $s.Eol + $s.Eol }
    elseif (-not $follows -and ($s.Length -eq 0 -or (EdSlice ($s.Length - 2) $s.Length) -cmatch '\n\r?\n\z')) { $lead = '' }
    EdEnter $p $lead $end
    $text = $lead + '[' + (EdDotted $p '') + ']' + $end
    foreach ($one in $s.Missing) {
        if (-not [string]::Equals((EdUp $one), $p)) { continue }
        EdEnter $one $break $end
        $text = $text + $break + (EdWritten (EdNameOf $one)) + ' = ' + (EdLiteral $one) + $end
    }
    EdEdit ($s.Length + 1) 0 $text
}

# ---------------------------------------------------------------------------------------------------------------
# Mode undo. Plan: the record that set wrote. Takes back what is still as set wrote it.
# Messages: "kept POINTER" for what was changed since, "lost POINTER" for a dropped key whose place no longer exists.

function EdReadRecords {
    $s = $run.Editor
    foreach ($row in $s.Rows) { if (-not (EdStarts $row "crossfade-undo`t")) { EdReadRecord $row } }
    foreach ($one in $s.Records) {
        EdWanted $one.Path
        if (-not [string]::Equals($one.Verb, 'box')) { $s.Silent[$one.Path] = 1 }
        if ([string]::Equals($one.Verb, 'cut')) { $s.Anchor[$one.A] = 0 }
    }
    return $true
}

function EdUndoAll {
    $s = $run.Editor
    $isNew = $false
    EdTakeBack
    if ($s.Edits.Count -gt 0) {
        $isNew = $true
        if (-not (EdParse (EdApply) $null)) { return EdRefuse 4 ($s.File + ': nothing valid is left') }
    } else { [void](EdParse $s.Text $null) }
    $whole = $s.Text
    EdPutBack
    if ($s.Edits.Count -gt 0) {
        if (EdVerified (EdApply)) { return 0 }
        # What was dropped no longer fits; the rest of the undo does.
        $s.Why = ''
        foreach ($one in $s.Records) { if ([string]::Equals($one.Verb, 'cut')) { EdLose $one.Path } }
    }
    if (-not (EdVerified $whole)) { return EdRefuse 4 ($s.File + ': the result did not stand the check') }
    return [int](-not $isNew)
}

# ---------------------------------------------------------------------------------------------------------------
# First pass: our values are removed, or become what they were; containers that set made are removed when nothing else is in them.

function EdTakeBack {
    $s = $run.Editor
    $s.Gone = @{}
    foreach ($one in $s.Records) {
        $p = $one.Path
        if ($one.Verb -cmatch '\A(?:cut|box)\z' -or -not $s.Member.ContainsKey($p)) { continue }
        $m = $s.Member[$p]
        if (-not (EdMine $p (EdContent $p))) { EdTell ('kept ' + $p) }
        elseif ([string]::Equals($one.Verb, 'was')) { EdEdit $m.Val ($m.End - $m.Val + 1) $one.A }
        else { $s.Gone[$m.Number] = $one }
    }
    for ($i = $s.Records.Count - 1; $i -ge 0; $i--) {
        $one = $s.Records[$i]
        $p = $one.Path
        if ([string]::Equals($one.Verb, 'box') -and $s.Member.ContainsKey($p) -and $s.Inside.ContainsKey($p) -and (EdHollow $p)) { $s.Gone[$s.Member[$p].Number] = $one }
    }
    $s.Free = 0
    foreach ($m in $s.Members) { if ($s.Gone.ContainsKey($m.Number) -and $m.Key -ge $s.Free) { EdTakeOut $m $s.Gone[$m.Number] } }
}

# Whether nothing but ours is in it. A comment in braces is not ours.
function EdHollow($p) {
    $s = $run.Editor
    $container = $s.Inside[$p]
    $rest = ''
    $at = 0
    if (-not (EdIsSection $container)) { $at = $s.Open[$p] + 1 }
    foreach ($m in $s.Members) {
        if (-not [string]::Equals($m.Host, $container)) { continue }
        if (-not $s.Gone.ContainsKey($m.Number)) { return $false }
        if ($at) {
            $rest = $rest + (EdSlice $at ($m.Key - 1))
            $at = $m.End + 1
        }
    }
    if ($at) { $rest = $rest + (EdSlice $at ($s.Close[$p] - 1)) }
    return $rest -cmatch '\A[ \t\r\n,]*\z'
}

# ---------------------------------------------------------------------------------------------------------------
# Second pass: what was cut goes back to its place; at each place everything or nothing.

function EdPutBack {
    $s = $run.Editor
    $anchor = $s.Anchor
    foreach ($m in $s.Members) { if ($anchor.ContainsKey($m.Id) -and -not (EdIsSection $m.Host)) { $anchor[$m.Id] = $m.End + 1 } }
    foreach ($p in $s.Open.get_Keys()) { $anchor[$p + '{'] = $s.Open[$p] + 1 }
    $anchor['^'] = 1
    foreach ($one in $s.Records) {
        if (-not [string]::Equals($one.Verb, 'cut')) { continue }
        $at = $anchor[$one.A]
        if (-not $at -or $s.Kind.ContainsKey($one.Path) -or -not [string]::Equals((EdSum (EdSlice $at ($at + (EdCount $one.B) - 1))), $one.Sum)) { $anchor[$one.A] = 0 }
    }
    foreach ($one in $s.Records) {
        if (-not [string]::Equals($one.Verb, 'cut')) { continue }
        if (-not $anchor[$one.A]) { EdLose $one.Path } else { EdEdit ($anchor[$one.A] + (EdCount $one.B)) 0 $one.C }
    }
}

function EdCount($text) {
    $n = 0
    if ([int]::TryParse($text, [ref]$n)) { return $n }
    return 0
}

function EdLose($p) {
    $s = $run.Editor
    if ($s.Lost.ContainsKey($p)) { return }
    $s.Lost[$p] = 1
    $word = if ($s.Kind.ContainsKey($p)) { 'kept ' } else { 'lost ' }
    EdTell ($word + $p)
}

# ---------------------------------------------------------------------------------------------------------------
# The whole. EdRun leaves the result in Text, the record in Record, messages in Messages, and returns the code.

function EdTell($message) { $run.Editor.Messages.Add((EdOneLine $message)) }

function EdRefuse($code, $message) {
    EdTell ('edit: ' + $message)
    return $code
}

# The letters of a text as keys.
function EdSet($names) {
    $set = EdMap
    foreach ($name in $names) { $set[$name] = 1 }
    return $set
}

function EdFlags($codes) {
    $flags = [bool[]]::new(256)
    foreach ($code in $codes) { $flags[$code] = $true }
    return , $flags
}

function EdStart($mode, $format, $rows, $before, $file) {
    $s = @{ Mode = "$mode"; Format = "$format"; File = $file; Rows = @($rows); Before = @($before); IsToml = [string]::Equals($format, 'toml') }
    $run.Editor = $s
    $s.Modes = @{ get = 'EdReadQuestions', 'EdAnswer'; same = 'EdReadRows', 'EdCompare'; set = 'EdReadSettings', 'EdSetAll'; undo = 'EdReadRecords', 'EdUndoAll' }
    $s.Formats = EdSet @('json', 'jsonc', 'toml')
    $s.Headed = EdSet @('table', 'implicit', 'dotted')
    $s.Tabular = EdSet @('object', 'table', 'implicit', 'dotted')
    $s.KindWords = EdMap
    foreach ($pair in @(@('int', 'number'), @('float', 'number'), @('bool', 'boolean'), @('array', 'list'), @('tables', 'list'), @('table', 'object'), @('implicit', 'object'), @('dotted', 'object'))) { $s.KindWords[$pair[0]] = $pair[1] }
    $s.OddsAt = 0
    $s.Boxes = EdSet @('object', 'array', 'table')
    foreach ($name in 'Want', 'Silent', 'Need', 'SetType', 'SetValue', 'Anchor', 'Keep', 'Join', 'Kinds', 'Star', 'Only', 'Form', 'Owners', 'Ours', 'New', 'Lost', 'Done') { $s[$name] = EdMap }
    foreach ($name in 'Sets', 'Drops', 'Record', 'Messages', 'Asked', 'Answers', 'Missing') { $s[$name] = [System.Collections.Generic.List[string]]::new() }
    foreach ($name in 'Records', 'Edits') { $s[$name] = [System.Collections.Generic.List[object]]::new() }
    foreach ($name in 'Text', 'Mark', 'Why', 'Odds', 'Path', 'Eol', 'Unit', 'Colon') { $s[$name] = '' }
    foreach ($name in 'Length', 'Pos', 'NameEnd', 'ValueEnd', 'Free') { $s[$name] = 0 }
    foreach ($name in 'Pattern', 'Foreign', 'Gone', 'Held', 'HeldEnd') { $s[$name] = $null }
    $s.Hush = $false
    $s.RunsOn = $false
    $s.Token = [System.Text.RegularExpressions.Match]::Empty
    foreach ($name in 'StackOpen', 'StackCount') { $s[$name] = [int[]]::new(202) }
    $s.StackMember = [object[]]::new(202)
    foreach ($name in 'StackHush', 'StackWanted') { $s[$name] = [bool[]]::new(202) }
    $s.StackPath = [string[]]::new(202)
    EdStartTables
}

function EdStartTables {
    $s = $run.Editor
    $s.Letters = @{ 98 = "`b"; 102 = "`f"; 110 = "`n"; 114 = "`r"; 116 = "`t"; 34 = '"'; 92 = '\'; 47 = '/' }
    $s.Short = @{ 8 = '\b'; 12 = '\f'; 10 = '\n'; 13 = '\r'; 9 = '\t'; 34 = '\"'; 92 = '\\' }
    $s.Odd = [char[]]@(92, 126, 47)
    $s.Spaces = EdFlags @(9, 10, 13, 32)
    $s.Bare = EdFlags (@(45, 95) + (48..57) + (65..90) + (97..122))
    if ($s.IsToml) { $s.Trivia = EdFlags @(10, 13, 35) }
    elseif ($s.Format -eq 'jsonc') { $s.Trivia = EdFlags @(9, 10, 13, 32, 47) }
    else { $s.Trivia = EdFlags @(9, 10, 13, 32) }
}

function EdRun {
    $s = $run.Editor
    EdWanted ''
    $plan, $work = $s.Modes[$s.Mode]
    if (-not (& $plan)) { return EdRefuse 2 'the plan is not understood' }
    if ($s.Mode -eq 'set' -or $s.Mode -eq 'undo') { $s.Foreign = [System.Collections.Generic.List[string]]::new() }
    $isRead = EdParse $s.Text $s.Foreign
    while ($isRead -and $s.Star.Count -gt 0 -and (EdUnstar)) {
        if ($null -ne $s.Foreign) { $s.Foreign.Clear() }
        $isRead = EdParse $s.Text $s.Foreign
    }
    if (-not $isRead) { return EdRefuse 3 ($s.File + ':' + $s.Why) }
    return & $work
}

# ---------------------------------------------------------------------------------------------------------------
# Entry.

function Invoke-Editor($mode, $format, $rows, $text, $before = @(), $file = 'file') {
    EdStart $mode $format $rows $before $file
    $s = $run.Editor
    $code = 2
    if (-not $s.Modes.ContainsKey("$mode") -or -not $s.Formats.ContainsKey("$format") -or $text -cmatch '[^\x00-\xff]') {
        EdTell 'edit: wrong use'
    } elseif (-not (EdLoad $text)) {
        $code = EdRefuse 3 ($file + ':1:1: ' + $s.Why)
    } else {
        $code = EdRun
    }
    return EdResult $code
}

function EdResult($code) {
    $s = $run.Editor
    $edited = $code -eq 0 -and ($s.Mode -eq 'set' -or $s.Mode -eq 'undo')
    $record = @()
    if ($edited -and $s.Mode -eq 'set') { $record = @("crossfade-undo`t1`t" + $s.Format) + $s.Record.ToArray() }
    return @{
        Code = [int]$code
        Text = $(if ($edited) { $s.Mark + $s.Text } else { $null })
        Lines = $s.Answers.ToArray()
        Record = $record
        Messages = $s.Messages.ToArray()
    }
}

# ---- Output ----

# Text from outside, without characters that control a terminal.
function Get-Plain($text) { [regex]::Replace([string]$text, '[^ -~]', '?') }

# Write-Line TEXT: a line of output. By .NET, since what a cmdlet gets can be in an event log.
function Write-Line($text) { [Console]::Out.WriteLine([string]$text) }

function Write-Problem($text) { [Console]::Error.WriteLine('error: ' + $text) }

# Get-Where RECORD: where an error was and of which kind. Not its text, which could quote what it was about.
function Get-Where($record) {
  $line = 0
  if ($null -ne $record.InvocationInfo) { $line = $record.InvocationInfo.ScriptLineNumber }
  return '(line ' + $line + ', ' + [string]$record.Exception.GetType() + ')'
}

# Stop-Run CODE REASON: one line for a person, the report line, and the end.
function Stop-Run($code, $reason) {
  Write-Problem $reason
  $run.Fingerprints = 'none'
  Complete-Run 'error' $code
}

# Add-Trouble CLI FILE REASON [CODE]: one file is left unchanged; the work goes on. Without a code it is refused until a person changes it.
function Add-Trouble($cli, $file, $reason, $code = 0) {
  Write-Problem ((Get-Plain $file) + ': ' + $reason)
  if ($code -eq 0) {
    $run.Refused = $true
    Set-State $cli 'refused'
    return
  }
  Set-State $cli 'error'
  if ($run.Worst -ne 12) { $run.Worst = $code }
}

# Set-State CLI STATE: of two states of a CLI the first in this list stays: what another install can change comes first.
$STATES = 'drift', 'stale', 'error', 'refused', 'old', 'unknown', 'ok', 'absent'
function Set-State($cli, $state) {
  if ([array]::IndexOf($STATES, $state) -lt [array]::IndexOf($STATES, $run.States[$cli])) { $run.States[$cli] = $state }
}

# Test-State STATE: whether any CLI has this state.
function Test-State($state) {
  foreach ($cli in $run.Clis) { if ($run.States.ContainsKey($cli) -and $run.States[$cli] -ceq $state) { return $true } }
  return $false
}

# Complete-Run RESULT CODE: the report line, and the end.
function Complete-Run($result, $code) {
  $run.Finished = $true
  $pairs = @(foreach ($cli in $run.Clis) { if ($run.States.ContainsKey($cli)) { $cli + ':' + $run.States[$cli] } })
  $line = 'crossfade ' + $result + ' fp=' + $run.Fingerprints + ' cfg=1 cli=' + ($pairs -join ',') + ' users=' + $run.Users
  if ($run.Skipped -gt 0) { $line += ' skipped=' + $run.Skipped }
  if ($run.Gone -gt 0) { $line += ' gone=' + $run.Gone }
  if ($run.Linux -gt 0) { $line += ' wsl=' + $run.Linux }
  if ($run.Records) { Write-Record 'report' '' '' $line } else { Write-Report $line }
  try { Save-Trace $result $line } catch { $run.Trace = $false }
  Exit-Run (Get-ExitCode $code)
}

# Add-Token FINGERPRINT: one token seen is its fingerprint, several are mixed.
function Add-Token($print) {
  if ($run.Fingerprints -ceq 'none') { $run.Fingerprints = $print }
  elseif ($run.Fingerprints -cne $print) { $run.Fingerprints = 'mixed' }
}

# Write-Record KIND CLI FILE TEXT: a line for a person; with the option records all four fields, for a program.
function Write-Record($kind, $cli, $file, $text) {
  if ($run.Records) { Write-Line (@($kind, $cli, $file, $text) -join "`t") } else { Write-Line $text }
}

# Exit-Run CODE: the end of the work, from however deep. Not by exit, which would end the session of whoever runs this as text.
function Exit-Run($code) {
  $run.Code = $code
  break crossfade
}

# Get-Fingerprint TOKEN: the first 12 hex digits of SHA-256 over a token. It goes to the cmdlet as a stream: of what stands in a
# parameter, an event log could have a copy. The buffer is larger than any token, as nobody reads while it is written.
function Get-Fingerprint($text) {
  $bytes = $LATIN1.GetBytes($text)
  $writer = New-Object System.IO.Pipes.AnonymousPipeServerStream(
    [System.IO.Pipes.PipeDirection]::Out, [System.IO.HandleInheritability]::None, 8192)
  $reader = New-Object System.IO.Pipes.AnonymousPipeClientStream([System.IO.Pipes.PipeDirection]::In, $writer.ClientSafePipeHandle)
  try {
    $writer.Write($bytes, 0, $bytes.Length)
    $writer.Dispose()
    return (Get-FileHash -Algorithm SHA256 -InputStream $reader).Hash.Substring(0, 12).ToLowerInvariant()
  } finally {
    $writer.Dispose()
    $reader.Dispose()
  }
}

# ---- Options ----

$FLAGS = 'install', 'report', 'uninstall', 'self-test', 'help', 'dry-run', 'records', 'host', 'no-host', 'prompts', 'no-prompts',
  'responses', 'no-responses', 'tools', 'no-tools'
$VALUES = 'clis', 'scope', 'users', 'endpoint', 'expect'

# Get-Words GIVEN: arguments as PowerShell has them, as words of this script: -DryRun is dry-run, -Endpoint URL is endpoint=URL,
# -Clis A,B is clis=A,B. What it does not know stays as it is.
function Get-Words($given) {
  $waiting = ''
  foreach ($each in $given) {
    $text = @($each) -join ','
    if ($waiting -cne '') {
      $waiting + '=' + $text
      $waiting = ''
      continue
    }
    $match = [regex]::Match($text, '\A--?([A-Za-z-]+)(:.*)?\z', 'Singleline')
    $name = $match.Groups[1].Value.Replace('-', '')
    $flag = @($FLAGS | Where-Object { $_.Replace('-', '') -eq $name })
    $value = @($VALUES | Where-Object { $_ -eq $name -or $_ -eq ($name + 's') })
    if ($name -ceq '') { $text }
    elseif ($flag.Count -gt 0 -and -not $match.Groups[2].Success) { $flag[0] }
    elseif ($value.Count -eq 0) { $text }
    elseif ($match.Groups[2].Length -gt 1) { $value[0] + '=' + $match.Groups[2].Value.Substring(1) }
    else { $waiting = $value[0] }
  }
  if ($waiting -cne '') { $waiting + '=' }
}

# Test-Feature NAME: whether it is on. Features holds those that are, and for each that is off its name with no- in front.
function Test-Feature($name) { $run.Features -ccontains $name }

# Switch-Feature WORD: turns a feature on, or with no- in front off.
function Switch-Feature($word) {
  $other = 'no-' + $word
  if ($word.StartsWith('no-', [StringComparison]::Ordinal)) { $other = $word.Substring(3) }
  $run.Features = @($run.Features | Where-Object { $_ -cne $other -and $_ -cne $word }) + $word
}

# Select-Action ACTION: only what this file has the parts for.
function Select-Action($word) {
  if ($ACTIONS -ccontains $word) { $run.Action = $word }
  else { $run.Complaint = 'this file cannot ' + $word + ', only: ' + ($ACTIONS -join ' ') }
}

function Read-Options {
  foreach ($given in $run.Options) {
    $word = [string]$given -creplace '^--', ''
    switch -CaseSensitive -Regex ($word) {
      '\A\z' { break }
      '\A(install|report|uninstall|self-test)\z' { Select-Action $word; break }
      '\A(h|-h|help)\z' { $run.WantsHelp = $true; break }
      '\Adry-run\z' { $run.DryRun = $true; break }
      '\Arecords\z' { $run.Records = $true; break }
      '\Ascope=(system|user)\z' { $run.Scope = $word.Substring(6); break }
      '\Ausers=(all|self)\z' { $run.Accounts = $word.Substring(6); break }
      '\Aclis=' { $run.Clis = @($word.Substring(5).Split(',') | Where-Object { $_ -cne '' }); break }
      '\Aendpoint=' { $run.Endpoint = $word.Substring(9); break }
      '\Aexpect=' { $run.Expect = $word.Substring(7); break }
      '\Ahelper\z' { $run.Complaint = 'helper is not on Windows: the header program is one for sh; the token is in the settings file, and sessions take up a new one when they start'; break }
      '\Arestart\z' { $run.Complaint = 'restart is not on Windows: SYSTEM cannot act as another account; sign that account out and in, or restart the machine'; break }
      '\A(no-helper|no-restart|(no-)?(host|prompts|responses|tools))\z' { Switch-Feature $word; break }
      # Not quoted: it could be a token.
      default { $run.Complaint = 'an option this script does not know; see the top of it, or run it with --help' }
    }
  }
}

function Test-Options {
  foreach ($cli in $run.Clis) {
    if ($KNOWN -ccontains $cli) { $run.States[$cli] = 'absent' }
    else { $run.Complaint = 'clis= has an unknown CLI; known: ' + ($KNOWN -join ' ') }
  }
  if ($run.Complaint -cne '') { Stop-Run 2 $run.Complaint }
  if ($run.Clis.Count -eq 0) { Stop-Run 2 ('clis= names nothing; leave it out for all of: ' + ($KNOWN -join ' ')) }
  if ($run.Expect -cnotmatch '\A([0-9a-f]{12})?\z') { Stop-Run 2 'expect= is not a fingerprint of 12 hex digits' }
}

# Where telemetry goes: an https URL, or http to this machine. The same rules as in sh.
function Test-Endpoint {
  $given = $run.Endpoint
  if ($given -ceq '') { Stop-Run 2 'no endpoint is given' }
  if ($given -cnotmatch '\Ahttps?://') { Stop-Run 2 'the endpoint does not begin with https://' }
  $scheme = $given.Substring(0, $given.IndexOf(':', [StringComparison]::Ordinal))
  $place = $given.Substring($scheme.Length + 3).TrimEnd('/')
  $run.Endpoint = $scheme + '://' + $place
  if ($place.Contains('@')) { Stop-Run 2 'the endpoint contains a user name; the token is given separately' }
  if ($place -cmatch '[^\]A-Za-z0-9._~:/%\[-]') { Stop-Run 2 'the endpoint contains a character that is not allowed in a base URL' }
  if ($place -cmatch '/v1/(logs|metrics|traces)\z') { Stop-Run 2 'the endpoint is for one signal only; remove its end from /v1 on' }
  $authority = $place.Split('/')[0]
  $label = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?'
  $octet = '(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
  $port = '(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[0-5]?[0-9]{1,4}))?'
  $name = $label + '([.]' + $label + ')*[.]?'
  # What ends in a number is an address: https://url.spec.whatwg.org/#ends-in-a-number-checker
  if (Test-Authority $authority '([^:]*[.])?([0-9]+|0x[0-9a-f]*)[.]?(:.*)?') { $name = $octet + '([.]' + $octet + '){3}' }
  if (-not (Test-Authority $authority ('(\[[0-9a-f:.]+\]|' + $name + ')' + $port))) {
    Stop-Run 2 'the endpoint names no host and port that could exist'
  }
  if ($scheme -ceq 'http' -and -not (Test-Authority $authority ('(localhost|\[::1\]|127([.][0-9]+){3})' + $port))) {
    Stop-Run 2 'the endpoint is http to another machine: the token would cross the network in clear text'
  }
}

# Test-Authority TEXT PATTERN: whether host and port match it as a whole.
function Test-Authority($text, $pattern) { [regex]::IsMatch($text, '\A(?:' + $pattern + ')\z', 'IgnoreCase, CultureInvariant') }

# ---- Token ----

# Get-FirstLine TEXT: up to the first LF; one CR before it goes too, since editors on Windows end lines with both.
function Get-FirstLine($text) {
  $end = $text.IndexOf("`n", [StringComparison]::Ordinal)
  if ($end -lt 0) { return $text }
  $line = $text.Substring(0, $end)
  if ($line.EndsWith("`r", [StringComparison]::Ordinal)) { $line = $line.Substring(0, $line.Length - 1) }
  return $line
}

# Read-TokenFile: the token from the file that the variable CROSSFADE_TOKEN_FILE names; a line break at its end does not belong to it.
function Read-TokenFile {
  $path = [Environment]::GetEnvironmentVariable('CROSSFADE_TOKEN_FILE')
  if (-not $path) { return }
  $found = $null
  # Relative to where PowerShell is, which is not where its process is.
  try { $found = Read-Bytes ($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)) 65536 } catch { $found = $null }
  if ($null -eq $found) { Stop-Run 11 'the token file cannot be read' }
  $run.Token = Get-FirstLine $found
}

# Read-TokenInput: the token from standard input. Under -File it has been read already, into what is enumerated here.
function Read-TokenInput {
  $lines = @($feed)
  $text = ''
  if ($lines.Count -gt 0) { $text = [string]$lines[0] }
  elseif ([Console]::IsInputRedirected) { $text = [Console]::In.ReadToEnd() }
  # A pipe of Windows PowerShell begins with a byte order mark where its output encoding has one.
  if ($text.Length -gt 0 -and [int]$text[0] -eq 0xFEFF) { $text = $text.Substring(1) }
  $run.Token = Get-FirstLine $text
}

# Read-TokenPrompt: asks for the token, without showing it.
function Read-TokenPrompt {
  if ($run.DryRun) { return }
  try { $hidden = Read-Host -Prompt 'Token (not shown)' -AsSecureString } catch { $hidden = $null }
  if ($null -eq $hidden) { Stop-Run 11 ('no token, and nobody to ask for one: ' + $TOKEN_HINT) }
  $run.Token = (New-Object System.Net.NetworkCredential('', $hidden)).Password
}

# Get-TokenProblem TOKEN: what is said after "the token", or nothing. The token is in no pattern, cast or exception.
function Get-TokenProblem($text) {
  if ($text.Length -eq 0) { return 'is empty; copy it again, alone and on one line' }
  if ([regex]::IsMatch($text, '\ABearer[ \t]', 'IgnoreCase, CultureInvariant')) { return 'starts with the word Bearer; remove that word' }
  if ([regex]::IsMatch($text, '[^!-~]')) {
    return 'contains white space, a control character or a non-ASCII character; copy it again, alone and on one line'
  }
  if ($text.Length -lt 20) { return 'is too short (' + $text.Length + ' characters); copy all of it' }
  if ($text.Length -gt $LONGEST_TOKEN) {
    return 'is too long (' + $text.Length + ' characters), or was cut; copy it again, alone and on one line'
  }
}

# Takes the token and checks it. A dry run does without, unless one is given.
function Get-Token {
  Set-GivenToken
  $text = $run.Token
  if ($text.Length -eq 0) {
    if ($run.DryRun) { return }
    Stop-Run 11 ('no token: ' + $TOKEN_HINT)
  }
  if ([regex]::IsMatch($text, '\A@[^\r\n]*@\z|\{\{|\$\{|\A<.*>\z|\A\$')) {
    Stop-Run 11 'the token is still a placeholder; put the real one there'
  }
  $problem = Get-TokenProblem $text
  if ($problem) { Stop-Run 11 ('the token ' + $problem) }
  if ([regex]::IsMatch($text, '[^A-Za-z0-9._~-]')) {
    Stop-Run 11 'the token contains a character that a CLI would change; it may have letters, digits, . _ ~ and -'
  }
  Add-Token (Get-Fingerprint $text)
}

# ---- Machine: its system, people and CLIs ----

# Start-Program FILE ARGUMENTS INPUT: runs a program without a window; INPUT is what it gets on standard input, or null for nothing, as
# bytes and never as an argument. Returns code and output.
function Start-Program($file, $arguments, $text) {
  $start = New-Object System.Diagnostics.ProcessStartInfo($file, $arguments)
  $start.UseShellExecute = $false
  $start.CreateNoWindow = $true
  $start.RedirectStandardInput = $true
  $start.RedirectStandardOutput = $true
  $start.RedirectStandardError = $true
  try { $process = [System.Diagnostics.Process]::Start($start) } catch { return @{ Code = -1; Output = ''; Errors = '' } }
  try {
    # At once, as it may fill one while the other is read.
    $errors = $process.StandardError.ReadToEndAsync()
    if ($null -ne $text) {
      $bytes = $LATIN1.GetBytes($text)
      $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
      $process.StandardInput.BaseStream.Flush()
    }
    $process.StandardInput.Close()
    $output = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    return @{ Code = $process.ExitCode; Output = $output; Errors = $errors.Result }
  } finally { $process.Dispose() }
}

# Start-Native: a 32-bit PowerShell on a 64-bit Windows sees other folders and another registry: the same script runs in the 64-bit one.
# Options are plain words; a token that came on standard input goes there again.
function Start-Native {
  $program = Find-Native
  if (-not $program) { return }
  # The other one could not ask for the token.
  if (-not [Console]::IsInputRedirected) { Stop-Run 13 'this is a 32-bit PowerShell: start the one without (x86) in its name, and run this again there' }
  if (-not $SCRIPT_PATH) { Stop-Run 13 'this is a 32-bit PowerShell, and the script is no file that the 64-bit one could run' }
  foreach ($word in $run.Options) {
    if ([string]$word -cnotmatch '\A[A-Za-z0-9=:/._,~\[\]%-]+\z') { Stop-Run 2 'an option cannot be handed to the 64-bit PowerShell' }
  }
  if (-not [System.IO.File]::Exists($program)) { Stop-Run 13 'this is a 32-bit PowerShell, and there is no 64-bit one' }
  # The execution policy of this process is in its environment, which the other inherits.
  $words = '-NoProfile -NonInteractive -File "' + $SCRIPT_PATH + '" ' + ($run.Options -join ' ')
  # Nobody may be there to end standard input where the token came another way.
  if ($run.Token.Length -eq 0 -and -not [Environment]::GetEnvironmentVariable('CROSSFADE_TOKEN_FILE')) { Read-TokenInput }
  $end = Start-Program $program $words ($run.Token + "`n")
  [Console]::Error.Write($end.Errors)
  [Console]::Out.Write($end.Output)
  $run.Finished = $true
  Exit-Run $end.Code
}

# Find-Native: the 64-bit PowerShell, if this is not it already.
function Find-Native {
  if ([Environment]::Is64BitProcess -or -not [Environment]::Is64BitOperatingSystem) { return '' }
  return $env:SystemRoot + '\sysnative\WindowsPowerShell\v1.0\powershell.exe'
}

# Who runs this. Wherever it matters an account is its SID: names are translated on some systems.
function Get-Self {
  $me = [System.Security.Principal.WindowsIdentity]::GetCurrent()
  $principal = New-Object System.Security.Principal.WindowsPrincipal($me)
  @{ Sid = $me.User.Value; IsAdmin = $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator) }
}

# Get-Place NAME: one of the folders of this system. A 32-bit process has ProgramFiles of its own.
function Get-Place($name) {
  if ($name -ceq 'ProgramFiles') {
    if ($env:ProgramW6432) { return $env:ProgramW6432 }
    return $env:ProgramFiles
  }
  if ($env:ProgramData) { return $env:ProgramData }
  return [Environment]::GetFolderPath('CommonApplicationData')
}

# Get-OwnHome: of the account that runs this.
function Get-OwnHome {
  if ($env:USERPROFILE) { return $env:USERPROFILE }
  return [Environment]::GetFolderPath('UserProfile')
}

# Test-Machine: whether this script can work here.
function Test-Machine {
  if (-not $ON_WINDOWS) { Stop-Run 13 ('this script is for: ' + ($SYSTEMS -join ' ')) }
  $self = Get-Self
  $run.Self = $self.Sid
  $run.IsAdmin = $self.IsAdmin
  if (-not $run.IsAdmin) {
    if ($run.Scope -ceq 'system') { Stop-Run 2 'scope=system needs an administrator or SYSTEM; or run it with scope=user' }
    $run.Accounts = 'self'
  }
  foreach ($name in 'ProgramFiles', 'ProgramData') {
    $place = Get-Place $name
    if (-not $place) { Stop-Run 13 ('this system does not say where its folder ' + $name + ' is') }
    $run.Places[$name] = $place
  }
}

# Join-Place BASE PATH: a path of our tables, which have slashes, below a folder.
function Join-Place($base, $path) { $base.TrimEnd('\', '/') + $SEPARATOR + $path.Replace('/', $SEPARATOR) }

# Expand-Place PATH: a path of our tables that begins with %ProgramFiles% or %ProgramData%.
function Expand-Place($path) {
  $parts = $path.Split('%')
  Join-Place $run.Places[$parts[1]] $parts[2].TrimStart('/')
}

# Open-Key HIVE PATH: a key of the registry as 64-bit programs see it, for reading; null if there is none.
function Open-Key($hive, $path) { [Microsoft.Win32.RegistryKey]::OpenBaseKey($hive, 'Registry64').OpenSubKey($path) }

# Get-ProfileRows: what the registry's list of profiles says: SID, path as it is written there, state. Not expanded, as
# variables are those of the caller.
function Get-ProfileRows {
  $list = Open-Key 'LocalMachine' ('SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList')
  if ($null -eq $list) { return }
  foreach ($sid in $list.GetSubKeyNames()) {
    $key = $list.OpenSubKey($sid)
    if ($null -eq $key) { continue }
    $path = $key.GetValue('ProfileImagePath', '', 'DoNotExpandEnvironmentNames')
    @{ Sid = $sid; Path = [string]$path; State = $key.GetValue('State', 0) }
  }
}

# Test-Linux SID: whether the account has a Linux in WSL, whose CLIs this script does not touch; of an account that is signed out the
# registry does not say.
function Test-Linux($sid) {
  try { $key = Open-Key 'Users' ($sid + '\Software\Microsoft\Windows\CurrentVersion\Lxss') } catch { return $false }
  return ($null -ne $key -and @($key.GetSubKeyNames() | Where-Object { $_ -cmatch '\A\{' }).Count -gt 0)
}

# Get-MachineId: which Windows made for this machine. The name of the key is in two parts: the whole word makes Windows log this file.
function Get-MachineId {
  $key = Open-Key 'LocalMachine' ('SOFTWARE\Microsoft\Crypto' + 'graphy')
  if ($null -eq $key) { return '' }
  return $key.GetValue('MachineGuid', '')
}

# Get-Policy POLICY [SID]: the text of a policy in the registry, of the machine or of an account that is signed in; a blank for one that is
# there and cannot be read.
function Get-Policy($policy, $sid = '') {
  try {
    if ($sid -ceq '') { $key = Open-Key 'LocalMachine' $policy[0] } else { $key = Open-Key 'Users' ($sid + '\' + $policy[0]) }
    if ($null -eq $key) { return '' }
    return [string]$key.GetValue($policy[1], '')
  } catch { return ' ' }
}

# Get-VariableKeys SID: where the registry has the environment of an account, as long as it is signed in, and that of the machine.
function Get-VariableKeys($sid) {
  $keys = @(Open-Key 'Users' ($sid + '\Environment')) +
    @(Open-Key 'LocalMachine' 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment')
  $keys | Where-Object { $null -ne $_ }
}

# Get-Variables SID NAME: what these environments have for a name; a question mark where that cannot be read.
function Get-Variables($sid, $name) {
  try {
    foreach ($key in @(Get-VariableKeys $sid)) { [string]$key.GetValue($name, '', 'DoNotExpandEnvironmentNames') }
  } catch { '?' }
}

# Test-Variable SID PATTERN: whether they have a variable whose name is like that, or cannot be read.
function Test-Variable($sid, $pattern) {
  try {
    foreach ($key in @(Get-VariableKeys $sid)) {
      foreach ($name in $key.GetValueNames()) { if ([regex]::IsMatch($name, '\A(?:' + $pattern + ')\z', $ANY_CASE)) { return $true } }
    }
  } catch { return $true }
  return $false
}

# Expand-Profile PATH: with the two variables that mean the same for everybody; nothing where another is left, or it is no drive's.
function Expand-Profile($path) {
  $path = [regex]::Replace($path.Trim(), '\A%SystemDrive%', [string]$env:SystemDrive, 'IgnoreCase, CultureInvariant')
  $path = [regex]::Replace($path, '\A%SystemRoot%', [string]$env:SystemRoot, 'IgnoreCase, CultureInvariant').TrimEnd('\', '/', ' ', '.')
  if ($path -cmatch '\A[A-Za-z]:[\\/][^%:*?"<>|]+\z') { return $path }
  return ''
}

# Test-Network PATH: whether its drive is on the network.
function Test-Network($path) {
  if ($path -cnotmatch '\A[A-Za-z]:') { return $false }
  return (New-Object System.IO.DriveInfo($path.Substring(0, 1))).DriveType -eq [System.IO.DriveType]::Network
}

# Select-People ROWS: the accounts of people among them, whether they are signed in or not: no services, no remains of a broken profile
# (SID.bak), nothing temporary (0x800) or a backup (0x8000). Of two accounts with one home, as a change of domain leaves them, that whom its
# list names; if it names both, the files of one are refused. Homes that were removed are counted, and those that cannot be looked at.
function Select-People($rows) {
  $seen = @{}
  foreach ($row in $rows) {
    if ($row.Sid -cnotmatch '\AS-1-(5-21|12-1)(-[0-9]+){4}\z') { continue }
    $state = 0
    if ($row.State -is [int]) { $state = $row.State }
    if (($state -band 0x8800) -ne 0) { continue }
    $path = Expand-Profile $row.Path
    if ($path -ceq '' -or (Test-Network $path)) {
      $run.Skipped++
      continue
    }
    if (-not [System.IO.Directory]::Exists($path)) {
      if ([System.IO.Directory]::Exists([System.IO.Path]::GetDirectoryName($path))) { $run.Gone++ } else { $run.Skipped++ }
      continue
    }
    $key = $path.ToUpperInvariant()
    $twin = $seen[$key]
    if ($twin) {
      $list = Get-Security $path
      if (-not $list.Contains($row.Sid + ')')) { continue }
      if (-not $list.Contains($twin.Sid + ')')) { $twin.Sid = $row.Sid; continue }
    }
    $seen[$key] = @{ Sid = $row.Sid; Home = $path }
    $seen[$key]
  }
}

# Find-People: sets People to accounts with SID, home and the words of the signs in it; counts them.
function Find-People {
  if ($run.Accounts -ceq 'self') { $rows = @(@{ Sid = $run.Self; Home = (Get-OwnHome) }) }
  else { $rows = @(Select-People @(Get-ProfileRows)) }
  $run.Machine = Find-Signs '' 'MachineSigns'
  $run.People = @(foreach ($person in $rows) {
    if (-not [System.IO.Directory]::Exists($person.Home)) {
      $run.Skipped++
      continue
    }
    $run.Users++
    if (Test-Linux $person.Sid) { $run.Linux++ }
    $own = Find-Signs $person.Home 'UserSigns'
    $words = @{}
    foreach ($cli in $KNOWN) { $words[$cli] = @($run.Machine[$cli]) + @($own[$cli]) + @(Find-OnPath $cli) }
    @{ Sid = $person.Sid; Home = $person.Home; Words = $words }
  })
}

# Find-Signs HOME TABLE: for each CLI the releases that show without running anything: N.N.N, ? for a sign without one, ours for an undo
# record of this script.
function Find-Signs($base, $table) {
  $found = @{}
  foreach ($cli in $KNOWN) {
    $signs = @(foreach ($folder in $PACKAGES[$table]) { ,@('package', ($folder + '/' + $CLIS[$cli].Package + '/package.json')) })
    $found[$cli] = @(foreach ($sign in $signs + $CLIS[$cli][$table]) {
      foreach ($path in @(Expand-Pattern $base $sign[1])) { Read-Sign $sign[0] $path }
    })
  }
  return $found
}

# Expand-Pattern BASE PATTERN: the paths that exist; a star stands for one part of a name, in one folder.
function Expand-Pattern($base, $pattern) {
  if ($base -ceq '') {
    $parts = $pattern.Split('%')
    $base = $run.Places[$parts[1]]
    $pattern = $parts[2].TrimStart('/')
  }
  $paths = @($base)
  foreach ($part in $pattern.Split('/')) {
    $paths = @(foreach ($path in $paths) {
      if (-not $part.Contains('*')) { $path + $SEPARATOR + $part }
      elseif ([System.IO.Directory]::Exists($path)) {
        try { [System.IO.Directory]::GetDirectories($path, $part) | Select-Object -First 500 } catch { continue }
      }
    })
  }
  return $paths | Where-Object { [System.IO.File]::Exists($_) -or [System.IO.Directory]::Exists($_) }
}

# Read-Sign KIND PATH: package, a package.json; folder, named after the release; trace, there or not; ours, an undo record.
function Read-Sign($kind, $path) {
  if ($kind -ceq 'ours') { return 'ours' }
  $release = ''
  if ($kind -ceq 'folder') {
    $release = [System.IO.Path]::GetFileName($path)
    # Such as a link named current, beside the folders that it leads to.
    if ($release -cnotmatch '\Av?[0-9]') { return }
  }
  if ($kind -ceq 'package') {
    try { $text = Read-Bytes $path 262144 } catch { return '?' }
    if ($null -eq $text) { return '?' }
    $match = [regex]::Match($text, '"version"\s*:\s*"([^"]*)"')
    if ($match.Success) { $release = $match.Groups[1].Value }
  }
  $match = [regex]::Match($release, '\Av?([0-9]{1,9}\.[0-9]{1,9})((?:\.[0-9]{1,9})*)')
  if (-not $match.Success) { return '?' }
  $rest = $match.Groups[2].Value
  if ($rest -ceq '') { $rest = '.0' }
  return $match.Groups[1].Value + $rest
}

# Find-OnPath CLI: the release of a CLI that starts by name where this was started: that of the package beside npm's command, or ? where
# that does not show.
function Find-OnPath($cli) {
  if ($run.Accounts -cne 'self') { return }
  foreach ($folder in ([string]$env:PATH).Split([System.IO.Path]::PathSeparator)) {
    $folder = $folder.Trim('"', ' ')
    if ($folder -cnotmatch '\A([A-Za-z]:[\\/]|/)') { continue }
    foreach ($ending in '.exe', '.cmd', '.ps1') {
      if (-not [System.IO.File]::Exists((Join-Place $folder ($CLIS[$cli].Program + $ending)))) { continue }
      $package = Join-Place $folder ('node_modules/' + $CLIS[$cli].Package + '/package.json')
      if ([System.IO.File]::Exists($package)) { return (Read-Sign 'package' $package) }
      return '?'
    }
  }
}

# Test-Older A B: whether one release is before another.
function Test-Older($a, $b) {
  $left = $a.Split('.')
  $right = $b.Split('.')
  for ($i = 0; $i -lt $left.Count -or $i -lt $right.Count; $i++) {
    $x = 0
    $y = 0
    if ($i -lt $left.Count) { [void][int]::TryParse($left[$i], [ref]$x) }
    if ($i -lt $right.Count) { [void][int]::TryParse($right[$i], [ref]$y) }
    if ($x -ne $y) { return $x -lt $y }
  }
  return $false
}

# Get-Release WORDS: the oldest of those found; ? if none is known; nothing if the CLI is not found.
function Get-Release($words) {
  $release = ''
  foreach ($word in $words) {
    if ($word -ceq 'ours') { continue }
    if ($word -ceq '?') { if ($release -ceq '') { $release = '?' } }
    elseif ($release -ceq '' -or $release -ceq '?' -or (Test-Older $word $release)) { $release = $word }
  }
  return $release
}

# Get-Since LAYER: the first release that obeys it.
function Get-Since($layer) {
  foreach ($pair in $layer.SinceWith) { if (Test-Feature $pair[0]) { return $pair[1] } }
  return $layer.Since
}

# Test-Unread CLI RELEASE: whether it does not read the file of the machine, for the folders that lead there.
function Test-Unread($cli, $release) {
  $since = $CLIS[$cli].System.Closed
  if ($since -ceq '' -or (Test-Older $release $since)) { return $false }
  $path = Expand-Place $CLIS[$cli].System.File
  # A folder whose files others can replace is refused, and not gone around.
  try { return ((Test-Crowded $path) -and -not (Test-Shared $path $false)) } catch { return $true }
}

# Get-Layers CLI WORDS: which layers matter for whoever has this on the machine.
function Get-Layers($cli, $words) {
  $release = Get-Release $words
  $in = @{ Release = $release; System = $false; User = $false }
  if ($release -ceq '') { return $in }
  if ($run.Scope -cne 'system') { $in.User = $true }
  elseif ($release -ceq '?') { $in.System = $in.User = $true }
  elseif (Test-Older $release (Get-Since $CLIS[$cli].System)) { $in.User = $true }
  elseif (Test-Unread $cli $release) { $in.User = $true }
  else { $in.System = $true }
  if ($in.User -and $release -cne '?' -and (Test-Older $release (Get-Since $CLIS[$cli].User))) {
    $in.User = $false
    Set-State $cli 'old'
  }
  return $in
}

# What names this machine, as resource attributes. https://opentelemetry.io/docs/specs/semconv/resource/host/
function Get-Identity {
  $name = [regex]::Replace([Environment]::MachineName, '[^A-Za-z0-9._-]', '')
  $id = [regex]::Replace([string](Get-MachineId), '[^A-Za-z0-9._-]', '')
  if ($id -cne '') { return 'host.name=' + $name + ',host.id=' + $id }
  return 'host.name=' + $name
}

# ---- Lock ----

# Enter-Lock PATH: one run at a time. The lock is a file that is open for this process alone, in a folder where no other account can make
# one; the system closes and removes it however the process ends. A named mutex could be taken by any account.
function Enter-Lock($path) {
  $options = [System.IO.FileOptions]::None
  if ($ON_WINDOWS) { $options = [System.IO.FileOptions]::DeleteOnClose }
  $until = [DateTime]::UtcNow.AddSeconds($PATIENCE)
  while ($true) {
    try {
      $run.Lock = New-Object System.IO.FileStream($path, [System.IO.FileMode]::OpenOrCreate, [System.IO.FileAccess]::ReadWrite,
        [System.IO.FileShare]::None, 1, $options)
      return
    } catch {
      $code = Get-ErrorCode $_.Exception
      # 32: somebody has it open. 5: it is being removed at this moment, or it may not be made.
      if ($code -ne 32 -and $code -ne 5 -and $code -ne 11) { Stop-Run 12 ('no lock can be made at ' + (Get-Plain $path)) }
      if ([DateTime]::UtcNow -ge $until) {
        if ($code -eq 5) { Stop-Run 12 ('no lock can be made at ' + (Get-Plain $path)) }
        Stop-Run 11 'another run is at work'
      }
    }
    Start-Sleep -Milliseconds 250
  }
}

# Exit-Lock: lets the next run in.
function Exit-Lock {
  if ($null -ne $run.Lock) { $run.Lock.Dispose() }
  $run.Lock = $null
}

function Enter-Run {
  if ($run.IsAdmin) { Enter-Lock (Join-Place $run.Places['ProgramFiles'] 'otel-crossfade.lock') }
  else { Enter-Lock (Join-Place (Get-OwnHome) '.otel-crossfade.lock') }
}

# Get-ErrorCode EXCEPTION: the number of the system's error inside it; 0 if it has none.
function Get-ErrorCode($exception) {
  while ($null -ne $exception.InnerException) { $exception = $exception.InnerException }
  if ($exception -is [System.IO.IOException]) { return $exception.HResult -band 0xFFFF }
  if ($exception -is [System.UnauthorizedAccessException]) { return 5 }
  return 0
}

# ---- Files ----

# Get-Security PATH: owner, group and access list of a file or folder, as SDDL. All three: one that was read by its owner alone and is
# written back can open the file for everybody.
function Get-Security($path) {
  $kind = 'System.Security.AccessControl.FileSecurity'
  if ([System.IO.Directory]::Exists($path)) { $kind = 'System.Security.AccessControl.DirectorySecurity' }
  $security = New-Object $kind($path, [System.Security.AccessControl.AccessControlSections]'Access, Owner, Group')
  return $security.GetSecurityDescriptorSddlForm('Access, Owner, Group')
}

# Set-Security PATH SDDL: the same, written.
function Set-Security($path, $sddl) {
  $kind = 'System.Security.AccessControl.FileSecurity'
  if ([System.IO.Directory]::Exists($path)) { $kind = 'System.Security.AccessControl.DirectorySecurity' }
  $security = New-Object $kind
  $security.SetSecurityDescriptorSddlForm($sddl)
  Set-Acl -LiteralPath $path -AclObject $security
}

# Get-Owner PATH: as a SID. SDDL has letters for some, as LA for the machine's Administrator.
function Get-Owner($path) {
  $owner = (Read-Sddl (Get-Security $path)).Owner
  if ($owner.Length -eq 2) { return Resolve-Sid $owner }
  return $owner
}
function Resolve-Sid($letters) { (New-Object System.Security.Principal.SecurityIdentifier($letters)).Value }

# Set-Owner PATH SID: by the program of the system where the cmdlet may not, as it may not give a file away.
function Set-Owner($path, $sid) {
  if ((Get-Owner $path) -ceq $sid) { return }
  $parts = Read-Sddl (Get-Security $path)
  try { Set-Security $path ('O:' + $sid + 'G:' + $parts.Group + 'D:' + $parts.Access) } catch { $parts.Failed = $true }
  if ((Get-Owner $path) -ceq $sid) { return }
  [void](Start-Program ([Environment]::GetFolderPath('System') + '\icacls.exe') ('"' + $path + '" /setowner *' + $sid + ' /q') $null)
}

# Read-Sddl SDDL: its owner, group and access list, each as text; well-known accounts as SIDs in the two first.
function Read-Sddl($sddl) {
  $match = [regex]::Match($sddl, '\A(?:O:(?<o>S-[0-9-]+|[A-Z]{2}))?(?:G:(?<g>S-[0-9-]+|[A-Z]{2}))?(?:D:(?<d>[^S]*?(?:\(.*?\))*))?(?:S:.*)?\z')
  @{ Owner = (Get-Sid $match.Groups['o'].Value); Group = (Get-Sid $match.Groups['g'].Value); Access = $match.Groups['d'].Value; Failed = $false }
}

# https://learn.microsoft.com/windows/win32/secauthz/sid-strings
$NAMED = @{ SY = 'S-1-5-18'; BA = 'S-1-5-32-544'; BU = 'S-1-5-32-545'; WD = 'S-1-1-0'; AU = 'S-1-5-11'; CO = 'S-1-3-0'; OW = 'S-1-3-4' }
function Get-Sid($name) { if ($NAMED.ContainsKey($name)) { $NAMED[$name] } else { $name } }

# Whoever may change the machine's files anyway: SYSTEM, administrators of the machine and its domain, the installer of Windows.
$ADMINS = 'S-1-5-18', 'S-1-5-32-544', 'LA', 'DA', 'EA', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'

# What an access right's letters stand for: https://learn.microsoft.com/windows/win32/secauthz/ace-strings
$RIGHT_NAMES = @{
  GA = 0x10000000; GX = 0x20000000; GW = 0x40000000; RC = 0x20000; SD = 0x10000; WD = 0x40000; WO = 0x80000
  CC = 0x1; DC = 0x2; LC = 0x4; SW = 0x8; RP = 0x10; WP = 0x20; DT = 0x40; LO = 0x80; CR = 0x100
  FA = 0x1F01FF; FR = 0x120089; FW = 0x120116; FX = 0x1200A0; GR = 0x120089
}

# Get-Mask RIGHTS: as a number; all of them for letters that are not in the table.
function Get-Mask($text) {
  $mask = [long]0
  if ($text -cmatch '\A0x[0-9A-Fa-f]{1,8}\z') {
    [void][long]::TryParse($text.Substring(2), [System.Globalization.NumberStyles]::AllowHexSpecifier,
      [System.Globalization.CultureInfo]::InvariantCulture, [ref]$mask)
    return $mask
  }
  foreach ($match in [regex]::Matches($text, '..?')) {
    if (-not $RIGHT_NAMES.ContainsKey($match.Value)) { return [long]0x7FFFFFFF }
    $mask = $mask -bor $RIGHT_NAMES[$match.Value]
  }
  return $mask
}

# Test-Granted SDDL RIGHTS TRUSTED: whether anybody but the trusted gets one of these rights on the object itself, or owns it. An object
# without an access list is everybody's.
function Test-Granted($sddl, $rights, $trusted) {
  $parts = Read-Sddl $sddl
  if (-not ($trusted -ccontains $parts.Owner)) { return $true }
  $entries = [regex]::Matches($parts.Access, '\((?<t>[^;]*);(?<f>[^;]*);(?<r>[^;]*);[^;]*;[^;]*;(?<s>[^;)]*)')
  if ($entries.Count -eq 0 -and -not $parts.Access.Contains('P')) { return $true }
  foreach ($entry in $entries) {
    $who = Get-Sid $entry.Groups['s'].Value
    # Not an entry that only hands on rights to what is made below, nor a denial; S-1-3-4 is the owner.
    if ($entry.Groups['f'].Value -cmatch '\A(..)*IO' -or $entry.Groups['t'].Value -cmatch '\A(XD|O?D)\z') { continue }
    if ($who -ceq 'S-1-3-4' -or $trusted -ccontains $who) { continue }
    if (((Get-Mask $entry.Groups['r'].Value) -band $rights) -ne 0) { return $true }
  }
  return $false
}

# Rights to write or replace a file; to replace what is in a folder, without that of adding to it, which everybody has in ProgramData;
# and to read, or to get there by the access list or as its owner.
$MAY_WRITE = [long]0x500D0116
$MAY_REPLACE = [long]0x500D0040
$MAY_READ = [long]2416705537

# Test-Loose FILE: whether others than administrators can write it.
function Test-Loose($path) { Test-Granted (Get-Security $path) $MAY_WRITE $ADMINS }

# Test-Shared FILE: whether others than administrators can replace it, by one of the folders that lead to it.
function Test-Shared($path, $isMerged) {
  $folder = [System.IO.Path]::GetDirectoryName($path)
  $rights = $MAY_REPLACE
  # Where all files of a folder count, nobody else may add one.
  if ($isMerged) { $rights = $rights -bor 0x2 }
  while ($folder -and $folder.Length -gt $run.Root.Length) {
    if ([System.IO.Directory]::Exists($folder)) {
      $parent = [System.IO.Path]::GetDirectoryName($folder)
      if ($parent -and (Test-Granted (Get-Security $folder) $rights $ADMINS)) { return $true }
      $rights = $MAY_REPLACE
    }
    $folder = [System.IO.Path]::GetDirectoryName($folder)
  }
  return $false
}

# Test-Crowded FILE: whether others than administrators can change a folder that leads to it, or make something there. The drive does not count.
function Test-Crowded($path) {
  $folder = [System.IO.Path]::GetDirectoryName($path)
  while ($folder -and $folder.Length -gt $run.Root.Length) {
    $parent = [System.IO.Path]::GetDirectoryName($folder)
    if ($parent -and [System.IO.Directory]::Exists($folder) -and (Test-Granted (Get-Security $folder) ($MAY_WRITE -bor $MAY_REPLACE) ($ADMINS + 'S-1-3-0'))) { return $true }
    $folder = $parent
  }
  return $false
}

# Test-Closed FILE: whether only administrators can read it, so no CLI. Not told where the list names an owner's rights or the Administrator.
function Test-Closed($path) {
  $sddl = Get-Security $path
  if ($sddl -cmatch ';(OW|LA)\)') { return $false }
  return -not (Test-Granted ('O:BA' + $sddl.Substring($sddl.IndexOf('G:', [StringComparison]::Ordinal))) $MAY_READ $ADMINS)
}

# Test-Readable FILE SID: whether others than this account and administrators can read it.
function Test-Readable($path, $sid) { Test-Granted (Get-Security $path) $MAY_READ ($ADMINS + $sid) }

# The access lists of what this script makes: of the machine, everybody may read; of one account, nobody else.
function Get-NewAccess($owner, $isFolder) {
  $flags = ''
  if ($isFolder) { $flags = 'OICI' }
  $admins = 'P(A;' + $flags + ';FA;;;SY)(A;' + $flags + ';FA;;;BA)'
  if ($owner -ceq '') { return $admins + '(A;' + $flags + ';0x1200a9;;;BU)' }
  return $admins + '(A;' + $flags + ';FA;;;' + $owner + ')'
}

# Set-Access PATH ACCESS: with the owner that it has.
function Set-Access($path, $access) {
  $parts = Read-Sddl (Get-Security $path)
  Set-Security $path ('O:' + $parts.Owner + 'G:' + $parts.Group + 'D:' + $access)
}

# Test-SameSecurity A B: whether owner and access list are the same; that an entry was inherited is told by a flag only. A has to be
# protected (P) where B is: else its folder hands on to it what it shall not have.
function Test-SameSecurity($a, $b) {
  $left = Read-Sddl $a
  $right = Read-Sddl $b
  $plain = { param($text) [regex]::Replace([regex]::Replace($text, '\A[^(]*', ''), '(?<=\([^;]*;[^;)]*)ID', '') }
  if ($right.Access.StartsWith('P', [StringComparison]::Ordinal) -and -not $left.Access.StartsWith('P', [StringComparison]::Ordinal)) { return $false }
  return ($left.Owner -ceq $right.Owner -and (& $plain $left.Access) -ceq (& $plain $right.Access))
}

# Read-Bytes PATH LIMIT: the bytes of a file as text, one character each; null if there are more than the limit. Others may have it open.
function Read-Bytes($path, $limit) {
  $share = [System.IO.FileShare]::ReadWrite -bor [System.IO.FileShare]::Delete
  $stream = New-Object System.IO.FileStream($path, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share)
  try {
    if ($stream.Length -gt $limit) { return $null }
    $bytes = New-Object byte[] ([int]$stream.Length)
    $count = 0
    while ($count -lt $bytes.Length) {
      $more = $stream.Read($bytes, $count, $bytes.Length - $count)
      if ($more -eq 0) { break }
      $count += $more
    }
    return $LATIN1.GetString($bytes, 0, $count)
  } finally { $stream.Dispose() }
}

# Get-Flags PATH: its attributes. Nothing is followed.
function Get-Flags($path) { [int][System.IO.File]::GetAttributes($path) }

# Get-Kind PATH: absent, file, folder, link (also what a cloud drive has not fetched), device, or unreadable. Nothing is followed.
function Get-Kind($path) {
  try { $flags = Get-Flags $path } catch {
    $code = Get-ErrorCode $_.Exception
    if ($code -eq 2 -or $code -eq 3) { return 'absent' }
    return 'unreadable'
  }
  # ReparsePoint; Offline, RecallOnOpen and RecallOnDataAccess.
  if (($flags -band 0x441400) -ne 0) { return 'link' }
  if (($flags -band 0x40) -ne 0) { return 'device' }
  if (($flags -band 0x10) -ne 0) { return 'folder' }
  return 'file'
}

# Test-Same A B: whether two texts are the same, byte for byte; -ceq ignores characters that cannot be seen.
function Test-Same($a, $b) { [string]::Equals($a, $b, [StringComparison]::Ordinal) }

# Get-Folder PATH
function Get-Folder($path) { [System.IO.Path]::GetDirectoryName($path) }

# Read-Folders PATH TOP: how many folders that lead to the file are missing below TOP, and why they cannot be used, if they cannot.
function Read-Folders($path, $top) {
  $missing = 0
  $why = ''
  $folder = Get-Folder $path
  while ($folder.Length -gt $top.Length) {
    $kind = Get-Kind $folder
    if ($kind -ceq 'absent') { $missing++ }
    elseif ($kind -ceq 'link') { $why = 'linked' }
    elseif ($kind -ceq 'unreadable') { $why = 'unreadable' }
    elseif ($kind -cne 'folder') { $why = 'folder' }
    $folder = Get-Folder $folder
  }
  @{ Missing = $missing; Why = $why }
}

# Read-Target PATH TOP: what the file and its undo record are. State is ok, absent or why the file cannot be used. TOP is the folder
# above which nothing is looked at: the home, or that of the system.
function Read-Target($path, $top) {
  $target = @{ Path = $path; Top = $top; State = 'ok'; Text = ''; Before = @(); HasRecord = $false; Ours = $false; Made = 0; Missing = 0 }
  $folders = Read-Folders $path $top
  $target.Missing = $folders.Missing
  if ($folders.Why -cne '') {
    $target.State = $folders.Why
    return $target
  }
  if ($run.MayWrite) {
    Repair-Target $path $top
    Repair-Target ($path + '.crossfade-undo') $top
  }
  $kind = Get-Kind $path
  if ($kind -ceq 'absent') { $target.State = 'absent' }
  elseif ($kind -ceq 'link' -or $kind -ceq 'unreadable') { $target.State = $kind }
  elseif ($kind -cne 'file' -or (Test-Reserved $path)) { $target.State = 'kind' }
  else { Read-TargetText $target }
  Read-Record $target
  if ($target.State -ceq 'absent' -and -not $target.HasRecord) {
    $target.Ours = $true
    $target.Made = $target.Missing
  }
  return $target
}

# Test-Reserved PATH: whether the name is one of a device, such as nul: what is written there is lost.
function Test-Reserved($path) {
  [System.IO.Path]::GetFileName($path) -match '\A(con|prn|aux|nul|com[0-9]|lpt[0-9])([. ].*)?\z|[. ]\z'
}

# Test-Place PATH: whether it is a full path on a drive, as Windows would take it: no share, no stream, no name of a device, nothing that
# depends on the folder one is in.
function Test-Place($path) {
  if ($path -cnotmatch '\A[A-Za-z]:[\\/][^:*?"<>|\x00-\x1f]*\z') { return $false }
  foreach ($part in [regex]::Split($path.Substring(3), '[\\/]')) { if (Test-Reserved $part) { return $false } }
  return $true
}

function Read-TargetText($target) {
  $until = [DateTime]::UtcNow.AddMilliseconds($LOCK_WAIT)
  while ($true) {
    try {
      $found = Read-Bytes $target.Path $LARGEST
      if ($null -eq $found) { $target.State = 'large' } else { $target.Text = $found }
      return
    } catch {
      $target.State = 'unreadable'
      if (-not (Test-Busy $_.Exception)) { return }
      $target.State = 'busy'
      if ([DateTime]::UtcNow -ge $until) { return }
    }
    Start-Sleep -Milliseconds 100
    $target.State = 'ok'
  }
}

# Read-Record TARGET: the undo record beside the file; its first line says whether the file, and how many folders above it, are ours.
function Read-Record($target) {
  $path = $target.Path + '.crossfade-undo'
  if ((Get-Kind $path) -cne 'file') { return }
  $text = $null
  try { $text = Read-Bytes $path $LARGEST } catch { $text = $null }
  if ($null -eq $text) {
    $target.State = 'record'
    return
  }
  if ($text.Length -eq 0) { return }
  $target.HasRecord = $true
  $lines = $text.Split("`n")
  $match = [regex]::Match($lines[0], '\Acrossfade-undo-1 (yes|no) ([0-9]) ?\z')
  if (-not $match.Success) {
    $target.State = 'record'
    return
  }
  $target.Ours = $match.Groups[1].Value -ceq 'yes'
  $target.Made = [int]$match.Groups[2].Value[0] - 48
  $target.Before = @($lines | Select-Object -Skip 1 | Where-Object { $_.Length -gt 0 })
}

# Test-Busy EXCEPTION: whether another program has the file open: sharing, lock, or the one step of a replacement that left it untouched.
function Test-Busy($exception) { 32, 33, 1175, 11 -contains (Get-ErrorCode $exception) }

function Get-Reason($state) {
  switch -CaseSensitive ($state) {
    'link' { 'is a symbolic link, or not on this disk, which is not followed'; break }
    'linked' { 'is in a folder that is a symbolic link or junction, which is not followed'; break }
    'kind' { 'is not a regular file'; break }
    'folder' { 'is below something that is not a folder'; break }
    'large' { 'is larger than ' + $LARGEST + ' bytes'; break }
    'loose' { 'can be written by others than administrators; fix that with icacls'; break }
    'shared' { 'is below a folder in which others than administrators can replace files; fix that with icacls'; break }
    'readable' { 'can be read by other accounts, and would hold the token; fix that with icacls'; break }
    'closed' { 'cannot be read by the CLI, only by administrators; fix that with icacls'; break }
    'record' { 'has an undo record that cannot be read'; break }
    default { 'cannot be read' }
  }
}

# Find-Overruling CLI TARGET: what overrides the file of the machine, or takes a part of the data and our header elsewhere: another file
# that the CLI merges with it, or a policy in the registry, which wins over files. Nothing where files are not merged.
function Find-Overruling($cli, $target) {
  $merged = $CLIS[$cli].System.Merged
  if ($null -eq $merged) { return }
  $folder = Get-Folder $target.Path
  $others = @($folder.Substring(0, $folder.Length - 2) + '.json')
  if ([System.IO.Directory]::Exists($folder)) { $others += @([System.IO.Directory]::GetFiles($folder, '*.json')) }
  foreach ($other in $others) {
    if ($other -eq $target.Path -or (Get-Kind $other) -ceq 'absent') { continue }
    $pattern = $merged.Divert
    if ((Get-Folder $other) -eq $folder -and [string]::CompareOrdinal($other, $target.Path) -gt 0) { $pattern = $merged.Override }
    $text = Read-Other $other
    if ($null -eq $text -or [regex]::IsMatch($text, $pattern, $ANY_CASE)) { return $other }
  }
  $policy = Get-Policy $merged.Policy
  if ($policy.Length -eq 0) { return }
  if ($policy -ceq ' ' -or [regex]::IsMatch($policy, $merged.Override, $ANY_CASE)) { return 'HKLM\' + $merged.Policy[0] }
  # Before this release a policy is obeyed alone, whatever is in it.
  foreach ($person in @($run.People) + @{ Words = $run.Machine }) {
    $release = Get-Release $person.Words[$cli]
    if ($release -ceq '?' -or ($release -cne '' -and (Test-Older $release $merged.Policy[2]))) { return 'HKLM\' + $merged.Policy[0] }
  }
}

# Read-Other PATH: the text of such a file; null for a link, which is not followed, and for what cannot be read: it could be anything.
function Read-Other($path) {
  if ((Get-Kind $path) -cne 'file') { return $null }
  try { return Read-Bytes $path $LARGEST } catch { return $null }
}

# Find-Diverting CLI PATH: a file beside a user's own that the CLI can be told to read over it, and that sets where data goes.
function Find-Diverting($cli, $path) {
  $beside = $CLIS[$cli].User.Beside
  $folder = Get-Folder $path
  if ($null -eq $beside -or -not [System.IO.Directory]::Exists($folder)) { return }
  foreach ($other in [System.IO.Directory]::GetFiles($folder, '*' + $beside.Ending)) {
    $text = Read-Other $other
    if ($null -eq $text -or [regex]::IsMatch($text, $beside.Divert)) { return $other }
  }
}

# Find-Moved CLI PERSON: the variable that moves the files of the CLI for this account, where it shows: the folder that it names is not
# followed, since a person could name any.
function Find-Moved($cli, $person) {
  if ($run.Accounts -ceq 'self') { return }
  $name = $CLIS[$cli].User.Variable
  foreach ($value in @(Get-Variables $person.Sid $name)) { if ($value) { return $name } }
}

# Move-File, Remove-File: in one place, as tests on other systems keep access lists elsewhere.
function Move-File($from, $to) { [System.IO.File]::Move($from, $to) }
function Remove-File($path) { [System.IO.File]::Delete($path) }
function Switch-File($new, $path, $own) { [System.IO.File]::Replace($new, $path, $own) }

# Remove-Files FILES PATH TOP: files beside that path. Returns false if a folder that leads there is a link.
function Remove-Files($files, $path, $top) {
  if (@($files).Count -eq 0) { return $true }
  $guard = Open-Guard $path $top
  if ($null -eq $guard) { return $false }
  try { foreach ($each in $files) { Remove-File $each } } finally { $guard.Dispose() }
  return $true
}

# Repair-Target PATH TOP: puts back what a killed run left: a file that was moved away and not yet replaced, and unfinished new ones.
function Repair-Target($path, $top) {
  $own = $path + '.crossfade-old'
  try {
    $left = @(Get-Siblings $path '.crossfade-new.??????')
    if ((Get-Kind $own) -ceq 'file') {
      if ((Get-Kind $path) -cne 'absent') { $left += $own }
      else {
        $guard = Open-Guard $path $top
        if ($null -eq $guard) { return }
        try { Move-File $own $path } finally { $guard.Dispose() }
      }
    }
    $run.Repaired = Remove-Files $left $path $top
  } catch { $run.Repaired = $false }
}

# Get-Siblings PATH ENDING: files beside it whose name is its own with this ending, in the order of their names.
function Get-Siblings($path, $ending) {
  $folder = Get-Folder $path
  if (-not [System.IO.Directory]::Exists($folder)) { return }
  $name = [System.IO.Path]::GetFileName($path) + $ending
  $pattern = '\A' + [regex]::Escape($name).Replace('\?', '.') + '\z'
  $names = @([System.IO.Directory]::GetFiles($folder) | Where-Object { [System.IO.Path]::GetFileName($_) -cmatch $pattern })
  [array]::Sort($names, [System.StringComparer]::Ordinal)
  return $names
}

# New-Temporary PATH: the name of a new file beside it that does not exist; that of the settings file for its record and backups, too, so
# that the next run finds what a killed one left.
function New-Temporary($path) {
  $path = [regex]::Replace($path, '\.crossfade-(undo|backup-[0-9-]+)\z', '')
  while ($true) {
    $name = $path + '.crossfade-new.' + [System.IO.Path]::GetRandomFileName().Substring(0, 6)
    if ((Get-Kind $name) -ceq 'absent') { return $name }
  }
}

# New-Folders PATH TOP OWNER: the folders that are missing on the way to a file. The machine's are for administrators to write.
function New-Folders($path, $top, $owner) {
  $missing = @()
  $folder = Get-Folder $path
  while ($folder.Length -gt $top.Length -and (Get-Kind $folder) -ceq 'absent') {
    $missing = @($folder) + $missing
    $folder = Get-Folder $folder
  }
  foreach ($each in $missing) {
    [void][System.IO.Directory]::CreateDirectory($each)
    # Else its account could put a link in its place, and be given what that leads to.
    $guard = Open-Guard ($each + $SEPARATOR + [System.IO.Path]::GetFileName($path)) $top
    if ($null -eq $guard) { return }
    try { if ($owner -ceq '') { Set-Access $each (Get-NewAccess '' $true) } else { Set-Owner $each $owner } } finally { $guard.Dispose() }
  }
}

# Open-Guard PATH TOP: an open file in the folder, with which Windows lets nobody move the folder or one above it away, to put a link in its
# place. Returns null if one is a link already.
function Open-Guard($path, $top) {
  $name = New-Temporary $path
  $guard = New-Object System.IO.FileStream($name, [System.IO.FileMode]::CreateNew, [System.IO.FileAccess]::Write,
    [System.IO.FileShare]::None, 1, [System.IO.FileOptions]::DeleteOnClose)
  if ((Read-Folders $path $top).Why -ceq '') { return $guard }
  $guard.Dispose()
  return $null
}

# For administrators and the account only.
function Get-Private($owner) { Get-NewAccess $(if ($owner -ceq '') { 'S-1-5-32-544' } else { $owner }) $false }
function Save-Private($path, $text, $top, $owner) { Save-File $path $text $null $top $owner (Get-Private $owner) }

# Save-File PATH TEXT EXPECTED TOP OWNER ACCESS: puts the text in the place of the file, whole or not at all. EXPECTED is the text that is
# replaced, or null where any is, and $ABSENT for none. A file that exists keeps owner, attributes and, without ACCESS, its list; a new one
# gets ACCESS, or is private, and an account's owner. Returns 0, 4 if the file is not what is expected, 5 if another program has it
# open, 6 if owner or access list cannot be what they shall be, or 12 if it cannot be written.
function Save-File($path, $text, $expected, $top, $owner, $access) {
  $until = [DateTime]::UtcNow.AddMilliseconds($LOCK_WAIT)
  while ($true) {
    $guard = $null
    $new = ''
    try {
      New-Folders $path $top $owner
      $guard = Open-Guard $path $top
      if ($null -eq $guard) { return 4 }
      $new = New-Temporary $path
      $keeper = $owner
      if ((Get-Kind $path) -ceq 'file') { $keeper = Get-Owner $path }
      Write-New $new $text $(if ($access) { $access } else { Get-Private $owner }) $keeper
      return (Switch-Target $path $new $expected $keeper $access)
    } catch {
      if (-not (Test-Busy $_.Exception)) { return 12 }
      if ([DateTime]::UtcNow -ge $until) { return 5 }
    } finally {
      if ($new -cne '') { try { Remove-File $new } catch { $run.Repaired = $false } }
      if ($null -ne $guard) { $guard.Dispose() }
      # Whatever stopped it: the file is there again.
      if ($run.MayWrite) { Repair-Target $path $top }
    }
    Start-Sleep -Milliseconds 200
  }
}

# Write-New PATH TEXT ACCESS OWNER: a new file, closed to others before it has content, and on the disk afterwards. All of it while the file
# is open for nobody else, so that none can put a link in its place.
function Write-New($path, $text, $access, $owner) {
  $stream = New-Object System.IO.FileStream($path, [System.IO.FileMode]::CreateNew, [System.IO.FileAccess]::Write, [System.IO.FileShare]::None)
  try {
    Set-Access $path $access
    if ($owner -cne '') { Set-Owner $path $owner }
    $bytes = $LATIN1.GetBytes($text)
    $stream.Write($bytes, 0, $bytes.Length)
    $stream.Flush($true)
  } finally { $stream.Dispose() }
}

# Switch-Target: the last step of Save-File. Windows replaces in two steps, between which the file is missing: the old one has a name that
# every run looks for.
function Switch-Target($path, $new, $expected, $keeper, $access) {
  $kind = Get-Kind $path
  if ($kind -ceq 'absent') {
    if ($null -ne $expected -and -not [object]::ReferenceEquals($expected, $ABSENT)) { return 4 }
    if ($keeper -cne '' -and (Get-Owner $new) -cne $keeper) { return 6 }
    Move-File $new $path
    return 0
  }
  if ($kind -cne 'file' -or [object]::ReferenceEquals($expected, $ABSENT)) { return 4 }
  if ($null -ne $expected -and -not (Test-Same (Read-Bytes $path $LARGEST) $expected)) { return 4 }
  $security = Get-Security $path
  $flags = [System.IO.File]::GetAttributes($path)
  $readOnly = [System.IO.FileAttributes]::ReadOnly
  if (($flags -band $readOnly) -ne 0) {
    [System.IO.File]::SetAttributes($path, [System.IO.FileAttributes]([int]$flags -band -bnot [int]$readOnly))
  }
  try {
    Switch-File $new $path ($path + '.crossfade-old')
  } finally {
    if ((Get-Kind $path) -ceq 'file') {
      # ReadOnly, Hidden, System, Archive, Temporary, NotContentIndexed; 0x80 is none of them.
      $kept = [int]$flags -band 0x2127
      if (([int][System.IO.File]::GetAttributes($path) -band 0x2127) -ne $kept) {
        if ($kept -eq 0) { $kept = 0x80 }
        [System.IO.File]::SetAttributes($path, [System.IO.FileAttributes]$kept)
      }
    }
  }
  $isSame = Test-SameSecurity (Get-Security $path) $security
  if ($isSame -and $access -ceq '') { return 0 }
  # Open, so that nobody can put a link in its place meanwhile.
  $held = New-Object System.IO.FileStream($path, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, [System.IO.FileShare]::ReadWrite)
  try {
    if ((Get-Kind $path) -cne 'file') { return 4 }
    if (-not $isSame) {
      Set-Owner $path $keeper
      if (-not (Test-SameSecurity (Get-Security $path) $security)) { Set-Security $path $security }
      if (-not (Test-SameSecurity (Get-Security $path) $security)) { return 6 }
    }
    if ($access -cne '') { Set-Access $path $access }
    return 0
  } finally { $held.Dispose() }
}

# Get-Plan CLI LAYER TOKEN: what the file shall hold, as rows. TOKEN is one word of our alphabet.
function Get-Plan($cli, $layer, $text) {
  if ($CLIS[$cli][$layer].ContainsKey('LikeUser')) { Get-DemandRows $CLIS[$cli].User.Demands }
  Get-DemandRows $CLIS[$cli][$layer].Demands
  foreach ($row in $CLIS[$cli][$layer].Rows) {
    if ($row[0] -cne '' -and -not (Test-Feature $row[0])) { continue }
    if ($row[1] -ceq 'drop') { foreach ($pointer in $row[2].Split(' ')) { "drop`t" + $pointer }; continue }
    if ($row[1] -cne 'set') { $row[1..($row.Count - 1)] -join "`t"; continue }
    "set`t" + $row[2] + "`t" + $row[3] + "`t" + $row[4].Replace('{endpoint}', $run.Endpoint).Replace('{host}', $run.MachineName).Replace('{token}', $text)
  }
}

# Get-DemandRows DEMANDS: what values have to be, as rows.
function Get-DemandRows($demands) {
  foreach ($demand in $demands) {
    $verb, $pointers, $rest = $demand.Split(';')
    foreach ($pointer in $pointers.Split(' ')) { (@($verb, ('/' + $pointer)) + $rest) -join "`t" }
  }
}

# Edit-Text MODE FORMAT ROWS TEXT BEFORE: the editor; BEFORE is the record of the last change, for the mode set.
function Edit-Text($mode, $format, $rows, $text, $before) { Invoke-Editor $mode $format @($rows) $text @($before) }

# Get-LiveToken CLI FORMAT TEXT: the token in a file, and the code of the editor. None is longer than what we take.
function Get-LiveToken($cli, $format, $text) {
  $answer = Edit-Text 'get' $format @(foreach ($pointer in $CLIS[$cli].Tokens) { "get`t" + $pointer }) $text @()
  $live = ''
  if ($answer.Code -eq 0) {
    foreach ($line in $answer.Lines) {
      $parts = ([string]$line).Split("`t")
      if ($parts.Count -lt 3 -or $parts[1] -cne 'string') { continue }
      $value = $parts[2]
      $live = $value.Substring($value.LastIndexOfAny([char[]]'=/ ') + 1)
      break
    }
  }
  if ($live.Length -gt 4096) { $live = '' }
  @{ Code = $answer.Code; Text = $live; Answer = $answer }
}

# Add-EditProblem CLI PATH ANSWER: what the editor says of a file that it did not change.
function Add-EditProblem($cli, $path, $answer) {
  if ($answer.Code -ne 3) {
    Add-Trouble $cli $path ((Get-EditReason $answer) + '; file unchanged') 1
    return
  }
  Add-Trouble $cli $path ((Get-EditReason $answer) + '; file unchanged')
}

# Get-EditReason ANSWER: why the editor does not take a file.
function Get-EditReason($answer) {
  if ($answer.Code -ne 3) { return 'the editor failed (' + $answer.Code + '), which is a bug' }
  $said = ''
  if (@($answer.Messages).Count -gt 0) { $said = [string]@($answer.Messages)[0] }
  return Get-Plain ([regex]::Replace($said, '\Aedit: .*?:([0-9]*):([0-9]*): ', 'parse error at line $1, column $2: '))
}

function Add-WriteProblem($cli, $path, $code) {
  $reason = 'cannot be written; file unchanged'
  if ($code -eq 5) { $reason = 'is in use by another program; file unchanged' }
  if ($code -eq 6) { $reason = 'cannot keep or get the owner and access list that it shall have; look at it with icacls' }
  Add-Trouble $cli $path $reason 12
}

# Windows takes names of variables in any letter case.
$ANY_CASE = [System.Text.RegularExpressions.RegexOptions]'IgnoreCase, CultureInvariant'
# What stands before and after the name of a variable in a .env file; bytes above 127 are taken for white space, of which Unicode has much.
$BEFORE_NAME = '(?:\A|[\r\n]|\xe2\x80[\xa8\xa9])[\s\x80-\xff]*(?:export[\s\x80-\xff]+)?(?:'
$AFTER_NAME = ')[\s\x80-\xff]*[=:]'
$RIVALS = 'changes what our file sets, so what is sent is not known; remove its telemetry settings'

# Test-Rivals CLI LAYER PERSON IN IS_OURS: whether another file that the CLI reads for this account leaves open what comes of our file at
# that layer; each is said. IN are the layers that matter for the account, IS_OURS whether this script writes the file of the machine.
function Test-Rivals($cli, $layer, $person, $in, $isOurs) {
  $found = $false
  $run.Variants = @()
  if ($run.Action -ceq 'uninstall') { return $false }
  if ($layer -ceq 'User') {
    $file = Get-UserFile $cli $person
    try { $other = Find-Diverting $cli $file } catch {
      Add-Trouble $cli (Get-Folder $file) 'cannot be read'
      return $true
    }
    if ($other) {
      Add-Overriding $cli $other
      return $true
    }
  }
  $own = Expand-Place $CLIS[$cli].System.File
  foreach ($rule in $CLIS[$cli][$layer].Rivals) {
    foreach ($file in $rule.Files) {
      # Where the file of the machine counts, its own rivals are looked at, and not what it overrides.
      if ($layer -ceq 'User' -and $in.System -and $file[0].StartsWith('%', [StringComparison]::Ordinal)) { continue }
      $at = Get-RivalPlace $cli $person $file[0]
      try { $paths = @(Find-Rivals $at) } catch {
        Add-Trouble $cli (Get-Folder $at.Path) 'cannot be read'
        $found = $true
        continue
      }
      foreach ($path in $paths) {
        if ($isOurs -and $path -eq $own) { continue }
        try { $why = Get-RivalReason $cli $layer $rule $file $path $at.Top } catch { $why = 'cannot be looked at ' + (Get-Where $_) }
        if ($why -ceq '') { continue }
        Add-Trouble $cli $path $why
        $found = $true
      }
    }
  }
  if ($layer -ceq 'User') { if (Test-PolicyRival $cli $person $in) { $found = $true } }
  elseif (Test-MovedRival $cli $person) { $found = $true }
  return $found
}

# Add-Overriding CLI OTHER: a file that goes before ours, for all that is set there.
function Add-Overriding($cli, $other) {
  $why = 'overrides our file and could take the token elsewhere; remove its telemetry settings'
  if ((Get-Kind $other) -ceq 'link') { $why = Get-Reason 'link' }
  Add-Trouble $cli $other $why
}

# Get-RivalPlace CLI PERSON PATH: a path of our tables, and the folder above which nothing is looked at.
function Get-RivalPlace($cli, $person, $path) {
  if ($path.StartsWith('%', [StringComparison]::Ordinal)) { return @{ Path = (Expand-Place $path); Top = $run.Places[$path.Split('%')[1]] } }
  $top = $person.Home
  if ($path.StartsWith('~/', [StringComparison]::Ordinal)) { return @{ Path = (Join-Place $top $path.Substring(2)); Top = $top } }
  $folder = Get-Folder (Get-UserFile $cli $person)
  if (-not $folder.StartsWith($top + $SEPARATOR, [StringComparison]::OrdinalIgnoreCase)) { $top = [System.IO.Path]::GetPathRoot($folder) }
  @{ Path = (Join-Place $folder $path.Substring('{folder}/'.Length)); Top = $top }
}

# Find-Rivals AT: the paths that it stands for; a star is for a part of the last name. A folder that cannot be looked at stands for all in it.
function Find-Rivals($at) {
  $name = [System.IO.Path]::GetFileName($at.Path)
  if (-not $name.Contains('*')) { return $at.Path }
  $folder = Get-Folder $at.Path
  $kind = Get-Kind $folder
  if ($kind -ceq 'absent' -or $kind -ceq 'file') { return }
  if ($kind -cne 'folder' -or (Read-Folders $at.Path $at.Top).Why -cne '') { return $folder }
  [System.IO.Directory]::GetFileSystemEntries($folder, $name)
}

# Get-RivalReason: why a file leaves open what is sent, or nothing. What cannot be looked at could be anything.
function Get-RivalReason($cli, $layer, $rule, $file, $path, $top) {
  $folders = Read-Folders $path $top
  if ($folders.Why -cne '') { return Get-Reason $folders.Why }
  $kind = Get-Kind $path
  if ($kind -ceq 'absent') { return '' }
  if ($kind -ceq 'link' -or $kind -ceq 'unreadable') { return Get-Reason $kind }
  if ($kind -cne 'file' -or (Test-Reserved $path)) { return Get-Reason 'kind' }
  $target = @{ Path = $path; State = 'ok'; Text = '' }
  Read-TargetText $target
  if ($target.State -cne 'ok') { return Get-Reason $target.State }
  $words = @($rule.Words)
  if ($words.Count -gt 0 -and $words[0].StartsWith('=', [StringComparison]::Ordinal)) {
    if ([regex]::IsMatch($target.Text, $words[0].Substring(1), $ANY_CASE)) { return $RIVALS }
    $words = @($words | Select-Object -Skip 1)
  }
  if ($file[2] -cne '' -and -not [regex]::IsMatch($target.Text, $file[2], $ANY_CASE)) { return '' }
  if ($file[1] -ceq 'dotenv') {
    foreach ($name in $words) { if ([regex]::IsMatch($target.Text, $BEFORE_NAME + $name + $AFTER_NAME, $ANY_CASE)) { return $RIVALS } }
    return ''
  }
  $rows = @(foreach ($word in $words) { "drop`t" + $word })
  if ($rule.HasKinds) { $rows += @(Get-DemandRows ($CLIS[$cli].User.Demands + $CLIS[$cli].Elsewhere)) }
  $answer = Edit-Text 'same' $file[1] $rows $target.Text @()
  if ($answer.Code -eq 0 -or ($answer.Code -eq 1 -and (Test-OtherCase $target.Text $words))) { return $RIVALS }
  if ($answer.Code -eq 1 -and $rule.HasKinds) {
    Test-Open $cli $path $file[1] $target.Text
    return Get-MixedReason $rows $target.Text
  }
  if ($answer.Code -eq 1) { return '' }
  return Get-EditReason $answer
}

# Test-Open CLI PATH FORMAT TEXT: whether the file has a value that leaves open what comes of ours.
function Test-Open($cli, $path, $format, $text) {
  if ($CLIS[$cli].Open.Count -eq 0) { return }
  $answer = Edit-Text 'same' $format @(Get-DemandRows $CLIS[$cli].Open) $text @()
  if ($answer.Code -ne 3) { return }
  [Console]::Error.WriteLine('unknown: ' + (Get-Plain $path) + ': ' + (Get-EditReason $answer).Replace('parse error ', '') + ', or it may not start; crossfade doctor there may know more')
  Set-State $cli 'unknown'
}

# Get-MixedReason ROWS TEXT: tables of several files are merged, and with two variants of one setting the CLI does not start.
function Get-MixedReason($rows, $text) {
  $all = @(foreach ($row in $rows) { if ($row.StartsWith("form`t", [StringComparison]::Ordinal)) { foreach ($variant in $row.Split("`t")[3].Split(' ')) { $variant.Split(':')[0] } } })
  $now = @(foreach ($variant in $all) { if ($text.Contains($variant)) { $variant } })
  foreach ($variant in $now) {
    if ($run.Variants.Count -gt 0 -and $run.Variants -cnotcontains $variant) { return 'and another file of the CLI have ' + $variant + ' and something else, and what they say together is not known' }
  }
  $run.Variants += $now
  return ''
}

# Test-OtherCase TEXT POINTERS: whether a file has one of the variables below /env in other letters, which the editor takes for another.
function Test-OtherCase($text, $pointers) {
  $names = @(foreach ($pointer in $pointers) { if ($pointer.StartsWith('/env/', [StringComparison]::Ordinal)) { $pointer.Substring(5) } })
  if ($names.Count -eq 0) { return $false }
  $plain = [regex]::Replace($text, '\\u00([0-7][0-9A-Fa-f])', { param($match) [string][char][Convert]::ToInt32($match.Groups[1].Value, 16) })
  foreach ($match in [regex]::Matches($plain, '"(' + ($names -join '|') + ')"', $ANY_CASE)) {
    if ($names -cnotcontains $match.Groups[1].Value) { return $true }
  }
  return $false
}

# Test-PolicyRival CLI PERSON IN: whether a policy in the registry overrides the file of a user; that of the account shows while it is signed in.
function Test-PolicyRival($cli, $person, $in) {
  $merged = $CLIS[$cli].System.Merged
  if ($null -eq $merged -or $in.System) { return $false }
  foreach ($sid in '', $person.Sid) {
    $policy = Get-Policy $merged.Policy $sid
    if ($policy.Length -eq 0 -or ($policy -cne ' ' -and -not [regex]::IsMatch($policy, $merged.Override, $ANY_CASE))) { continue }
    $hive = 'HKLM\'
    if ($sid -cne '') { $hive = 'HKU\' + $sid + '\' }
    Add-Trouble $cli ($hive + $merged.Policy[0]) $RIVALS
    return $true
  }
  return $false
}

# Test-MovedRival CLI PERSON: whether the files of the account, which stand beside that of the machine, are where this script does not look.
function Test-MovedRival($cli, $person) {
  $inFolder = @(foreach ($rule in $CLIS[$cli].System.Rivals) { foreach ($file in $rule.Files) { if ($file[0].StartsWith('{', [StringComparison]::Ordinal)) { $file[0] } } })
  if ($inFolder.Count -eq 0) { return $false }
  $variable = Find-Moved $cli $person
  if (-not $variable) { return $false }
  Add-Trouble $cli (Get-UserFile $cli $person) ('is not what this account uses: its variable ' + $variable + ' names another folder')
  return $true
}

# Edit-Target CLI LAYER TARGET OWNER: edits the file to hold what the plan says. Returns true if it has to be looked at again.
function Edit-Target($cli, $layer, $target, $owner) {
  $about = $CLIS[$cli][$layer]
  $given = $run.Token
  if ($given.Length -eq 0) {
    # A dry run without a token: what else would change shows with the token that is in use.
    $live = Get-LiveToken $cli $about.Format $target.Text
    $given = 'no-token-is-given-here'
    if ($live.Text.Length -gt 0) {
      Add-Token (Get-Fingerprint $live.Text)
      $given = $live.Text
    }
  }
  $answer = Edit-Text 'set' $about.Format (Get-Plan $cli $layer $given) $target.Text $target.Before
  if ($answer.Code -lt 2) { Test-Open $cli $target.Path $about.Format $target.Text }
  if ($answer.Code -eq 1) { Set-State $cli 'ok'; return $false }
  if ($answer.Code -ne 0) { Add-EditProblem $cli $target.Path $answer; return $false }
  # A larger file would not be opened again, so this could not be undone.
  if ($answer.Text.Length -gt $LARGEST) { Add-Trouble $cli $target.Path ('would be larger than ' + $LARGEST + ' bytes'); return $false }
  if ($run.DryRun) {
    Write-Record 'would-change' $cli (Get-Plain $target.Path) ('would change  ' + (Get-Plain $target.Path))
    Set-State $cli 'drift'
    return $false
  }
  $made = 'no'
  if ($target.Ours) { $made = 'yes' }
  $record = 'crossfade-undo-1 ' + $made + ' ' + $target.Made + " `n" + (@($answer.Record) -join "`n") + "`n"
  $guard = $null
  try {
    if ($target.State -ceq 'ok') {
      # What was read could be another account's, through a link that is gone: no copy of that is for this one.
      $guard = Open-Guard $target.Path $target.Top
      if ($null -eq $guard -or -not (Test-Same (Read-Bytes $target.Path $LARGEST) $target.Text)) { return $true }
    }
    $code = Save-Backup $about.Format $target $owner
    if ($code -eq 0) { $code = Save-Private ($target.Path + '.crossfade-undo') $record $target.Top $owner }
  } finally { if ($null -ne $guard) { $guard.Dispose() } }
  if ($code -eq 0) {
    $access = ''
    if ($target.State -ceq 'absent' -and $layer -ceq 'System') { $access = Get-NewAccess '' $false }
    $expected = $target.Text
    if ($target.State -ceq 'absent') { $expected = $ABSENT }
    $code = Save-File $target.Path $answer.Text $expected $target.Top $owner $access
  }
  if ($code -eq 4) { return $true }
  if ($code -eq 0) {
    Write-Record 'changed' $cli (Get-Plain $target.Path) ('changed       ' + (Get-Plain $target.Path))
    $run.Changed = $true
  }
  if ($code -eq 0) { Set-State $cli 'ok' } else { Add-WriteProblem $cli $target.Path $code }
  return $false
}

# Save-Backup: of what is not ours: the file before our first edit, and later the file without our settings, so it holds no token. Unless
# the newest backup is the same; the newest $BACKUPS stay.
function Save-Backup($format, $target, $owner) {
  if ($target.Ours -or $target.Text.Length -eq 0) { return 0 }
  $foreign = $target.Text
  if ($target.Before.Count -gt 0) {
    $answer = Edit-Text 'undo' $format $target.Before $target.Text @()
    if ($answer.Code -gt 1) { return 0 }
    if ($answer.Code -eq 0) { $foreign = $answer.Text }
  }
  $ending = '.crossfade-backup-????????-??????'
  try {
    $found = @(Get-Siblings $target.Path $ending)
    if ($found.Count -gt 0 -and (Test-Same (Read-Bytes $found[-1] $LARGEST) $foreign)) { return 0 }
    $name = ''
    while ($name -ceq '' -or (Get-Kind $name) -cne 'absent') {
      if ($name -cne '') { Start-Sleep -Milliseconds 200 }
      $time = [DateTime]::Now.ToString('yyyyMMdd-HHmmss', [System.Globalization.CultureInfo]::InvariantCulture)
      $name = $target.Path + '.crossfade-backup-' + $time
    }
    $code = Save-Private $name $foreign $target.Top $owner
    if ($code -ne 0) { return $code }
    $found = @(Get-Siblings $target.Path $ending)
    [void](Remove-Files @($found | Select-Object -SkipLast $BACKUPS) $target.Path $target.Top)
    return 0
  } catch { return 12 }
}

# Restore-Target CLI LAYER TARGET OWNER: removes our settings and gives back what was there before them. Returns true if it has to be
# looked at again.
function Restore-Target($cli, $layer, $target, $owner) {
  if (-not $target.HasRecord) { return $false }
  $answer = Edit-Text 'undo' $CLIS[$cli][$layer].Format $target.Before $target.Text @()
  if ($answer.Code -gt 1) { Add-EditProblem $cli $target.Path $answer; return $false }
  $text = $target.Text
  if ($answer.Code -eq 0) { $text = $answer.Text }
  if ($run.DryRun) {
    Write-Record 'would-restore' $cli (Get-Plain $target.Path) ('would restore ' + (Get-Plain $target.Path))
    return $false
  }
  $code = 0
  if ($target.Ours -and -not [regex]::IsMatch($text, '[^\]\[{} \t\r\n\f\v]')) {
    $code = Remove-Target $target
  } else {
    if (-not (Test-Same $text $target.Text)) { $code = Save-File $target.Path $text $target.Text $target.Top $owner '' }
    if ($code -eq 0) { $code = Remove-Companions $target.Path $target.Top }
  }
  if ($code -eq 4) { return $true }
  if ($code -ne 0) { Add-WriteProblem $cli $target.Path $code }
  else {
    Write-Record 'restored' $cli (Get-Plain $target.Path) ('restored      ' + (Get-Plain $target.Path))
    $run.Changed = $true
  }
  return $false
}

# Remove-Target TARGET: the file, which is ours, what this script left beside it, and the folders above it that were made for it and are
# empty.
function Remove-Target($target) {
  $path = $target.Path
  try {
    $kind = Get-Kind $path
    if ($kind -cne 'absent') {
      if ($kind -cne 'file' -or -not (Test-Same (Read-Bytes $path $LARGEST) $target.Text)) { return 4 }
      if (-not (Remove-Files @($path) $path $target.Top)) { return 4 }
    }
  } catch {
    if (Test-Busy $_.Exception) { return 5 }
    return 12
  }
  $code = Remove-Companions $path $target.Top
  $folder = Get-Folder $path
  for ($i = 0; $i -lt $target.Made; $i++) {
    try { [System.IO.Directory]::Delete($folder) } catch { break }
    $folder = Get-Folder $folder
  }
  return $code
}

function Remove-Companions($path, $top) {
  $endings = '.crossfade-undo', '.crossfade-undo.crossfade-old', '.crossfade-old', '.crossfade-new.??????', '.crossfade-backup-????????-??????'
  try {
    if (Remove-Files @(foreach ($ending in $endings) { Get-Siblings $path $ending }) $path $top) { return 0 }
    return 4
  } catch { return 12 }
}

# Compare-Target CLI LAYER TARGET: with what it should hold for the token that is in it.
function Compare-Target($cli, $layer, $target) {
  $about = $CLIS[$cli][$layer]
  $live = Get-LiveToken $cli $about.Format $target.Text
  if ($live.Code -gt 1) { Add-EditProblem $cli $target.Path $live.Answer; return }
  $print = ''
  if ($live.Text.Length -gt 0) {
    $print = Get-Fingerprint $live.Text
    Add-Token $print
  }
  $answer = Edit-Text 'same' $about.Format (Get-Plan $cli $layer $live.Text) $target.Text @()
  if ($answer.Code -gt 1) { Add-EditProblem $cli $target.Path $answer; return }
  $isExpected = $run.Expect -ceq '' -or $run.Expect -ceq $print
  if ($answer.Code -eq 1 -and $print -cne '' -and $isExpected) { Set-State $cli 'ok' } else { Set-State $cli 'drift' }
  Test-Open $cli $target.Path $about.Format $target.Text
}

# ---- Background processes ----

# Get-ProcessRows PROGRAM: Windows' own list of the processes whose program's name begins so: command line, SID of the owner, and when it
# started (UTC), each null where Windows does not say it.
function Get-ProcessRows($program) {
  # Asked first: most machines have none, and the list with command lines takes a service and a second.
  if (@(Get-Process -Name ($program + '*') -ErrorAction SilentlyContinue).Count -eq 0) { return }
  foreach ($each in @(Get-CimInstance -ClassName Win32_Process -Filter ("Name LIKE '" + $program + "%'") -OperationTimeoutSec 30)) {
    $row = @{ Line = $each.CommandLine; Owner = $null; Started = $null }
    if ($null -ne $each.CreationDate) { $row.Started = $each.CreationDate.ToUniversalTime() }
    try { $row.Owner = (Invoke-CimMethod -InputObject $each -MethodName GetOwnerSid -OperationTimeoutSec 30).Sid } catch {
      # It has ended meanwhile.
      if ($null -eq (Get-Process -Id $each.ProcessId -ErrorAction SilentlyContinue)) { continue }
    }
    $row
  }
}

# Test-Lasting CLI PLACES: PLACES are the accounts (Sid) with the file (Path) that counts for each. Stale is a CLI with a process that
# outlives sessions, and did not surely start after the last change of that file, or with a variable that goes before it. A process counts as
# later from two seconds after the change. What cannot be told is an error, not ok.
function Test-Lasting($cli, $places) {
  $about = $CLIS[$cli].Lasting
  $places = @($places | Where-Object { [System.IO.File]::Exists($_.Path) })
  if ($null -eq $about -or $places.Count -eq 0) { return }
  try { $rows = @(Get-ProcessRows $about.Program) } catch {
    Add-Lost $cli $places[0].Path ('Windows does not list its processes ' + (Get-Where $_))
    return
  }
  foreach ($row in $rows) {
    if ($null -ne $row.Line -and -not ([string]$row.Line).Contains($about.Words)) { continue }
    # Those of others are not shown to an ordinary account.
    $mine = @($places | Where-Object { $row.Owner -ceq $_.Sid -or ($null -eq $row.Owner -and $run.IsAdmin) })
    if ($mine.Count -eq 0) { continue }
    if ($null -eq $row.Line) {
      Add-Lost $cli $mine[0].Path 'Windows does not show the command line of a process'
      continue
    }
    foreach ($place in $mine) {
      if ($null -ne $row.Started -and $row.Started -ge (Get-Changed $place.Path).AddSeconds(2) -and -not (Test-Variable $place.Sid $about.Variables)) { continue }
      Set-State $cli 'stale'
    }
  }
}

function Add-Lost($cli, $path, $why) {
  Add-Trouble $cli $path ('is not the whole answer: whether a background process still has the old token cannot be told, as ' + $why) 12
}

# Get-Changed PATH: when a file was last written or put there (UTC). When its access list changed is not asked.
function Get-Changed($path) {
  $written = [System.IO.File]::GetLastWriteTimeUtc($path)
  $made = [System.IO.File]::GetCreationTimeUtc($path)
  if ($made -gt $written) { return $made }
  return $written
}

# ---- The work ----

# Update-File CLI LAYER PATH TOP OWNER WANTED: sees to it that one file holds what it should, or nothing of ours. Twice, if somebody
# changed it meanwhile. Whatever stops one file does not stop the others.
function Update-File($cli, $layer, $path, $top, $owner, $wanted, $person) {
  foreach ($attempt in 1, 2) {
    try { $isAgain = Update-Once $cli $layer $path $top $owner $wanted $person } catch {
      Add-Trouble $cli $path ('cannot be looked at or written ' + (Get-Where $_)) 12
      return
    }
    if (-not $isAgain) { return }
  }
  Add-Trouble $cli $path 'was changed by another program while this script ran; run it again' 11
}

function Update-Once($cli, $layer, $path, $top, $owner, $wanted, $person) {
  $target = Read-Target $path $top
  $state = $target.State
  $isChecked = $wanted -and $run.Action -cne 'uninstall'
  if ($isChecked -and ($state -ceq 'ok' -or $state -ceq 'absent')) {
    if ($layer -ceq 'User') { if ($state -ceq 'ok' -and (Test-Readable $path $owner)) { $state = 'readable' } }
    elseif (Test-Shared $path ($null -ne $CLIS[$cli].System.Merged)) { $state = 'shared' }
    # A file for everybody that anybody can change protects nobody, and some CLIs ignore it.
    elseif ($state -ceq 'ok' -and (Test-Loose $path)) { $state = 'loose' }
    if ($state -ceq 'ok' -and (Test-Closed $path)) { $state = 'closed' }
  }
  if ($state -cne 'ok' -and $state -cne 'absent') {
    if (-not $wanted -or ($run.Action -ceq 'uninstall' -and -not $target.HasRecord)) { return $false }
    if ($state -ceq 'busy') { Add-WriteProblem $cli $path 5 } else { Add-Trouble $cli $path (Get-Reason $state) }
    return $false
  }
  if ($isChecked) {
    $other = $null
    if ($layer -ceq 'System') { $other = Find-Overruling $cli $target }
    if ($other) {
      Add-Overriding $cli $other
      return $false
    }
    # The editor takes it for another variable, and the CLI, on Windows, for the same.
    if ($CLIS[$cli][$layer].Format -cne 'toml' -and (Test-OtherCase $target.Text @($CLIS[$cli][$layer].Rows | ForEach-Object { $_[2].Split(' ') }))) {
      Add-Trouble $cli $path 'has one of our variables in other letters, which is the same on Windows; remove it'
      return $false
    }
    if ($layer -ceq 'User') {
      $variable = Find-Moved $cli $person
      if ($variable) {
        Add-Trouble $cli $path ('is not what this account uses: its variable ' + $variable + ' names another folder')
        return $false
      }
    }
  }
  if ($run.Action -ceq 'install') {
    if ($wanted) { return (Edit-Target $cli $layer $target $owner) }
    return (Restore-Target $cli $layer $target $owner)
  }
  if ($run.Action -ceq 'report' -and $wanted) { Compare-Target $cli $layer $target }
  if ($run.Action -ceq 'uninstall') { return (Restore-Target $cli $layer $target $owner) }
  return $false
}

# Get-UserFile CLI PERSON: where the file of a user is.
function Get-UserFile($cli, $person) {
  $about = $CLIS[$cli].User
  $folder = Join-Place $person.Home $about.Folder
  if ($run.Accounts -ceq 'self') {
    $moved = [Environment]::GetEnvironmentVariable($about.Variable)
    if ($moved) {
      $folder = $moved.TrimEnd('\', '/')
      if ($about.Below -cne '') { $folder = Join-Place $folder $about.Below.TrimStart('/') }
    }
  }
  $folder + $SEPARATOR + $about.File
}

function Update-Clis {
  foreach ($cli in $run.Clis) {
    $inSystem = (Get-Layers $cli $run.Machine[$cli]).System
    $places = @()
    foreach ($person in $run.People) { if ((Get-Layers $cli $person.Words[$cli]).System) { $inSystem = $true } }
    if ($run.IsAdmin -and ($run.Accounts -ceq 'all' -or $run.Scope -ceq 'system')) {
      $file = $CLIS[$cli].System.File
      Update-File $cli 'System' (Expand-Place $file) $run.Places[$file.Split('%')[1]] '' $inSystem $null
    }
    foreach ($person in $run.People) {
      $in = Get-Layers $cli $person.Words[$cli]
      $inUser = $in.User
      $path = Get-UserFile $cli $person
      # Of the own account a variable may have named any folder.
      $variable = $CLIS[$cli].User.Variable
      if ($ON_WINDOWS -and $run.Accounts -ceq 'self' -and [Environment]::GetEnvironmentVariable($variable) -and -not (Test-Place $path)) {
        if ($inUser) { Add-Trouble $cli $path ('is no full path on a drive of this machine; set the variable ' + $variable + ' to one') }
        continue
      }
      if ($in.System) { $places += @{ Sid = $person.Sid; Path = (Expand-Place $CLIS[$cli].System.File) } }
      if ($inUser) { $places += @{ Sid = $person.Sid; Path = $path } }
      if ($in.System) { [void](Test-Rivals $cli 'System' $person $in $inSystem) }
      if ($inUser -and (Test-Rivals $cli 'User' $person $in $inSystem)) { continue }
      if (-not $inUser -and $run.Accounts -cne 'self' -and -not ($person.Words[$cli] -ccontains 'ours')) { continue }
      $top = $person.Home
      if (-not $path.StartsWith($top + $SEPARATOR, [StringComparison]::OrdinalIgnoreCase)) { $top = [System.IO.Path]::GetPathRoot($path) }
      Update-File $cli 'User' $path $top $person.Sid $inUser $person
    }
    if ($run.Action -cne 'uninstall') { Test-Lasting $cli $places }
  }
}

# Test-Editor: tries the editor on made-up texts: what it sets is there, a second time it changes nothing, and the undo gives back every byte.
function Test-Editor {
  $sample = 'self-test-0000000000000000'
  foreach ($cli in $run.Clis) {
    $format = $CLIS[$cli].User.Format
    foreach ($text in '', $SAMPLES[$format]) {
      $rows = @(Get-Plan $cli 'User' $sample)
      $first = Edit-Text 'set' $format $rows $text @()
      if ($first.Code -ne 0) { Stop-Run 1 ('self-test: ' + $cli + ' cannot be set') }
      if ((Get-LiveToken $cli $format $first.Text).Text -cne $sample) { Stop-Run 1 ('self-test: ' + $cli + ' has no token') }
      if ((Edit-Text 'set' $format $rows $first.Text $first.Record).Code -ne 1) { Stop-Run 1 ('self-test: ' + $cli + ' changes twice') }
      $back = Edit-Text 'undo' $format $first.Record $first.Text @()
      if ($back.Code -ne 0 -or -not (Test-Same $back.Text $text)) { Stop-Run 1 ('self-test: ' + $cli + ' is not restored to what it was') }
    }
    Set-State $cli 'ok'
  }
}

$SAMPLES = @{
  toml = "# mine`r`nmodel = `"m`"`r`n[x.`"a b`"] # theirs`r`nargs = [ 1,`r`n 2 ]"
  jsonc = "{`n`t// mine`n`t`"a`": [1.50, {`"b`": null}],`n`t`"c`": `"\u00e9`"`n}"
  json = "{`"a`": [1.50, {`"b`": null}],`n  `"env`": {`"X`": `"\u00e9`"}}`n`n"
}

# ---- What a person is told ----

# Show-Plan: before anything is asked for or changed: where the data goes, which files are set, and what is sent.
function Show-Plan {
  if ($run.Action -cne 'install') { return }
  $start = 'Telemetry to ' + (Get-Plain $run.Endpoint) + ' will be set for:'
  if ($run.DryRun) { $start = 'Dry run: nothing is changed. Telemetry to ' + (Get-Plain $run.Endpoint) + ' would be set for:' }
  Write-Record 'intro' '' '' $start
  foreach ($cli in $run.Clis) { Show-CliPlan $cli }
  $content = @(foreach ($feature in 'prompts', 'responses', 'tools') { if (Test-Feature $feature) { $feature } })
  $also = 'Not sent, but for what is listed above: prompts, responses, tool inputs.'
  if ($content.Count -gt 0) { $also = 'Also sent, because you ask for it: ' + ($content -join ' ') + '.' }
  Write-Record 'plan' '' '' $also
  if (Test-Feature 'host') {
    Write-Record 'plan' '' '' ('With all of it goes the name and id of this machine: ' + (Get-Plain $run.MachineName) + '. To leave it out: -NoHost.')
  }
  Write-Record 'plan' '' '' 'Each file is backed up before its first change; -Uninstall removes these settings again.'
}

function Show-CliPlan($cli) {
  $about = $CLIS[$cli]
  $isSet = $false
  $isForAll = $false
  foreach ($person in $run.People) {
    $in = Get-Layers $cli $person.Words[$cli]
    $name = '  ' + $about.Title + ' ' + $in.Release
    if ($in.System) {
      $file = Get-Plain (Expand-Place $about.System.File)
      if (-not $isForAll) { Write-Record 'plan' $cli $file ($name + ': ' + $file + ', for everybody on this machine') }
      $isForAll = $isSet = $true
    }
    if ($in.User) {
      $file = Get-Plain (Get-UserFile $cli $person)
      Write-Record 'plan' $cli $file ($name + ': ' + $file)
      $isSet = $true
    }
    elseif ($in.Release -ceq '') { Write-Record 'plan' $cli '' ('  ' + $about.Title + ': not found, skipped') }
    elseif (-not $in.System) { Write-Record 'plan' $cli '' ($name + ': too old, skipped') }
  }
  if ($isSet) { foreach ($fact in $about.Sends) { Write-Record 'plan' $cli '' ('    sends ' + $fact) } }
}

# Show-End: what came of it, when it takes effect, and how to check.
function Show-End {
  if ($run.Action -ceq 'report' -or $run.DryRun) { return }
  if (-not $run.Changed -and $run.Worst -eq 0 -and -not $run.Refused) {
    $said = 'Already up to date.'
    if ($run.Action -ceq 'install' -and -not (Test-State 'ok') -and -not (Test-State 'stale')) { $said = 'No CLI found that can be set.' }
    Write-Record 'note' '' '' $said
  }
  if ($run.Action -cne 'install') { return }
  foreach ($cli in $run.Clis) {
    if ($run.States[$cli] -ceq 'stale') {
      Write-Record 'note' $cli '' ($CLIS[$cli].Title + ': a background process still has the old token; to restart it: ' + $CLIS[$cli].Lasting.Restart)
    }
    if ($run.States[$cli] -ceq 'ok') { Write-Record 'note' $cli '' ($CLIS[$cli].Title + ' uses the token ' + $CLIS[$cli].When + '.') }
  }
  Write-Record 'note' '' '' 'To check: crossfade doctor, or this script with -Report.'
}

# ---- Start ----

# Show-Help: the top of this file.
function Show-Help {
  # Of a script that is no file, too: the text that this block stands in.
  $text = [string]({}).Ast.Extent.StartScriptPosition.GetFullScript()
  foreach ($line in $text.Replace("`r", '').Split("`n")) {
    if ($line -cnotmatch '\A#') { break }
    if ($line -cmatch '\A# Contents') { break }
    Write-Line ($line -creplace '\A# ?', '')
  }
}

function Start-Run {
  Set-Given
  Read-Options
  Test-Options
  Test-Endpoint
  if ($run.WantsHelp) {
    Show-Help
    $run.Finished = $true
    Exit-Run 0
  }
  if ($run.Action -ceq 'report' -or $run.DryRun) { $run.MayWrite = $false }
  Start-Native
  Test-Machine
  if (Test-Feature 'host') { $run.MachineName = Get-Identity }
  Enter-Run
  if ($run.Action -ceq 'self-test') {
    Test-Editor
    Complete-Run 'ok' 0
  }
  Find-People
  Show-Plan
  if ($run.Action -ceq 'install') { Get-Token }
  Update-Clis
  Show-End
  $result = 'absent'
  $code = 9
  $failed = 0
  if (Test-State 'ok') { $result = 'ok'; $code = 0 }
  if (Test-State 'unknown') { $result = 'refused'; $code = 11 }
  if ($run.Refused) { $result = 'refused'; $code = $failed = 11 }
  if ($run.Worst -ne 0) { $result = 'error'; $code = $failed = $run.Worst }
  if ((Test-State 'drift') -or (Test-State 'stale')) { $result = 'drift'; $code = 10 }
  if ($run.Action -cne 'report') { $code = $failed }
  Complete-Run $result $code
}

:crossfade do {
try { Start-Run } catch {
  if (-not $run.Finished) { Stop-Run 12 ('ended early, by a full disk or a bug ' + (Get-Where $_)) }
} finally { Exit-Lock }
} while ($false)
$Error.Clear()
if ($errors.Count -gt 0) { [void]$Error.AddRange($errors) }
if ($SCRIPT_PATH) { exit $run.Code }
$global:LASTEXITCODE = $run.Code
} $input $args
)
