#!/bin/sh
# shellcheck shell=sh disable=SC2012,SC2016,SC2034,SC2086,SC2317 # programs in single quotes; parts that files share
# Makes Claude Code, Codex CLI, Gemini CLI and Qwen Code on this machine send their telemetry to Torii with the current token.
#
# For Microsoft Intune for macOS. Made by otel-crossfade 0.1.0; make it again rather than edit it.
# Run it as root and not as the signed-in user.
# Intune passes no parameters: the token is in the file, once, between quotes.
# The file can be read in the admin center by whoever may read scripts there.
#
# What it does, in this order: reads the token; finds the accounts of people; finds their CLIs and releases from files, without
# running any; works out what each configuration file should hold; checks that it can parse the file; backs it up before a change;
# replaces it whole; prints one line. It works in a user's home as that user, follows no symbolic link, downloads nothing and sends
# nothing. It changes nothing but its own settings; a second run changes nothing.
#
# Options, as words, with or without -- in front:
#   help                       show this text
#   self-test                  try the editor on made-up files in a scratch folder
#   dry-run                    say what would change, change nothing
#   clis=NAME,NAME             which of claude-code, codex, gemini, qwen-code (all)
#   scope=system | scope=user  files for the whole machine, which users cannot override and every account can read, or files in
#                              the homes (system)
#   users=all | users=self     every person's account, or the one this runs as (all)
#   endpoint=URL               where to send (https://ai-events.toriihq.com)
#   host | no-host             send the machine's name and id too (host)
#   helper | no-helper         Claude Code: the token is in a file of its own, so that running sessions follow a change
#                              (no-helper)
#   prompts, responses, tools  send prompts, answers, tool inputs too (none of them)
#   restart                    restart a background process of a CLI that still has the old token (no)
#
# The last line of output is the report:
#   crossfade ok|drift|absent|refused|error fp=FINGERPRINT|none|mixed cfg=1 cli=NAME:STATE,... users=N [skipped=N] [late=NAME,...]
# fp: the first 12 hex digits of SHA-256 over the token. State of a CLI: ok; drift (set differently); absent (not found); old (a
# release that cannot be set); stale (set, but a background process still has the old token); unknown (it may not start); refused (a
# person must change its file); error. users: accounts looked at; skipped: homes that could not be looked at; late: accounts that
# took too long.
#
# Exit codes: 0 success; 1 a bug; 2 an option is wrong; 11 refused: the token, or a file that cannot be parsed or safely replaced;
# 12 a file could not be written; such files are unchanged; 13 a program is missing; 130 interrupted.
#
# Contents, by line:
#     79  Settings and vehicle
#    118  CLIs: their files, settings and signs
#    495  Editor of JSON and TOML files, an awk program
#   1783  Small programs that run as the owner of the files they touch; content comes on standard input
#   2021  Output
#   2118  Options
#   2200  Token
#   2236  Machine: its system, people and CLIs
#   2429  Lock and working folder
#   2532  Files
#   3175  Background processes
#   3215  The work
#   3326  Start

{ { set +xva; } 2>/dev/null; } # no tracing or exporting of the token; twice in braces, so that no part runs alone
{
[ -z "${ZSH_VERSION-}" ] || emulate sh
set -eu
umask 077
# shellcheck disable=SC3045 # no token in a core file
ulimit -c 0 2>/dev/null || :
unset ENV BASH_ENV CDPATH
PATH=/usr/bin:/bin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
}
# Exported names would hand on what is put into them; all secrets have lower-case names.
for name in $(export -p | while IFS= read -r var; do
  case $var in export\ * | declare\ * | typeset\ *) ;; *) continue ;; esac
  var=${var%%=*} var=${var##* }
  case $var in *_proxy | *status | [!a-z]* | *[!a-z0-9_]*) ;; *) echo "$var" ;; esac
done); do unset -v "$name"; done
# One command, so that a script that was cut off does nothing: the start of a name can be a program.
{
ROOT=
SH=/bin/sh
AWK="awk"

# ---- Settings and vehicle ----
# Everything below this section is the same for all vehicles.

ACTION=install
ACTIONS='install self-test'
ENDPOINT=https://ai-events.toriihq.com
CLIS='claude-code codex gemini qwen-code'
SCOPE=system
USERS=all
SYSTEMS=macos
SAYS=no
FEATURES='host no-helper no-prompts no-responses no-tools no-restart'
OPTIONS=
LONGEST_TOKEN=4096
TOKEN_HINT='see the top of this script'

# What the vehicle passes besides the token; gets the arguments of the script.
take_options() {
  OPTIONS="$*"
}

# The token; nothing but this shell ever sees it.
take_token() {
  token='@TOKEN@'
}

# What the vehicle wants around the line of a report.
print_report() { printf '%s\n' "$1"; }

# What is left for the vehicle to find. $1 is the result, line the report line; neither is secret.
leave_trace() {
  :
}

# The vehicle's exit code for ours, $1.
exit_code() {
  return "$1"
}

# ---- CLIs: their files, settings and signs ----

# system_file CLI, user_file CLI: set file (the machine's, or in folder), folder, format, and since, its first release.
system_file() {
  header_folder='' folder=''
  divert=
  case $1 in
    claude-code)
      format=json
      since=2.1.83
      domain=com.anthropic.claudecode divert='OTLP_(LOGS|METRICS|TRACES)_|\\u00[4-7]' override='OTEL_|TELEMETRY|otelHeaders|\\u00[4-7]'
      header_folder=$ROOT/etc/otel-crossfade
      file=$ROOT'/Library/Application Support/ClaudeCode/managed-settings.d/50-crossfade.json'
      ;;
    codex)
      format=toml
      since=0.166.0
      file=$ROOT/etc/codex/requirements.toml
      ;;
    gemini)
      format=jsonc
      since=0.40.1
      if wants prompts; then since=0.40.0; fi
      file=$ROOT'/Library/Application Support/GeminiCli/settings.json'
      ;;
    qwen-code)
      format=jsonc
      since=0.24.4
      file=$ROOT'/Library/Application Support/QwenCode/settings.json'
      ;;
  esac
}
user_file() {
  header_folder='' beside=''
  case $1 in
    claude-code)
      file=settings.json folder="${CLAUDE_CONFIG_DIR-$home/.claude}" format=json
      : "${folder:=.}"
      since=0.0.0
      header_folder=$folder
      ;;
    codex)
      file=config.toml folder="${CODEX_HOME:-$home/.codex}" format=toml
      since=0.0.0
      beside=.config.toml divert='otlp|\\u'
      ;;
    gemini)
      file=settings.json folder="${GEMINI_CLI_HOME:-$home}/.gemini" format=jsonc
      since=0.40.1
      if wants prompts; then since=0.40.0; fi
      ;;
    qwen-code)
      file=settings.json folder="${QWEN_HOME:-$home/.qwen}" format=jsonc
      since=0.24.4
      ;;
  esac
}

# Variables that move the files of one account.
forget_folders() { unset CLAUDE_CONFIG_DIR CODEX_HOME GEMINI_CLI_HOME QWEN_HOME; }

# plan CLI LAYER: what the file shall hold, one row a line.
plan() {
  case $1 in
    claude-code)
      drop OTLP_LOGS_ENDPOINT OTLP_LOGS_HEADERS OTLP_LOGS_PROTOCOL OTLP_METRICS_ENDPOINT OTLP_METRICS_HEADERS OTLP_METRICS_PROTOCOL OTLP_TRACES_ENDPOINT OTLP_TRACES_HEADERS OTLP_TRACES_PROTOCOL OTLP_TIMEOUT OTLP_LOGS_TIMEOUT OTLP_METRICS_TIMEOUT
      if [ "$2" = user ]; then
        drop_if helper OTLP_HEADERS
        drop_if no-helper /otelHeadersHelper
        text OTLP_LOGS_ENDPOINT "$ENDPOINT/v1/logs"
        text OTLP_METRICS_ENDPOINT "$ENDPOINT/v1/metrics"
      fi
      if [ "$2" = system ]; then
        text /otelHeadersHelper "" no-helper
      fi
      text CLAUDE_CODE_ENABLE_TELEMETRY "1"
      text OTEL_LOGS_EXPORTER "otlp"
      text OTEL_METRICS_EXPORTER "otlp"
      text OTEL_TRACES_EXPORTER "none"
      text OTLP_PROTOCOL "http/protobuf"
      text OTLP_ENDPOINT "$ENDPOINT"
      text OTLP_HEADERS "Authorization=Bearer $token" no-helper
      text OTEL_LOG_USER_PROMPTS "1" prompts
      text OTEL_LOG_USER_PROMPTS "0" no-prompts
      text OTEL_LOG_ASSISTANT_RESPONSES "1" responses
      text OTEL_LOG_ASSISTANT_RESPONSES "0" no-responses
      text OTEL_LOG_TOOL_DETAILS "1" tools
      text OTEL_LOG_TOOL_DETAILS "0" no-tools
      text OTEL_LOG_TOOL_CONTENT "0"
      text OTEL_LOG_RAW_API_BODIES "0"
      join_list /env/OTEL_RESOURCE_ATTRIBUTES
      text OTEL_RESOURCE_ATTRIBUTES "$machine_name" host
      text /otelHeadersHelper "/bin/sh $helper" helper
      ;;
    codex)
      row bool /otel/log_user_prompt "true" prompts
      row bool /otel/log_user_prompt "false" no-prompts
      keep_table /otel/trace_exporter
      text /otel/trace_exporter "none"
      row int /otel/tool_result/max_bytes "0" no-tools
      drop /otel/exporter
      text /otel/exporter/otlp-http/endpoint "$ENDPOINT/v1/logs"
      text /otel/exporter/otlp-http/protocol "binary"
      text /otel/exporter/otlp-http/headers/Authorization "Bearer $token"
      drop /otel/metrics_exporter
      text /otel/metrics_exporter/otlp-http/endpoint "$ENDPOINT/v1/metrics"
      text /otel/metrics_exporter/otlp-http/protocol "binary"
      text /otel/metrics_exporter/otlp-http/headers/Authorization "Bearer $token"
      if [ "$2" = system ]; then
        kinds 'boolean otel/ log_user_prompt log_agent_responses log_guardian_assessments log_sse_deltas
        string otel/environment otel/trace_exporter/*/endpoint
        strings otel/span_attributes otel/trace_exporter/*/ headers tls
        object otel/ tracestate tool_result
        whole otel/tool_result/max_bytes'
        form /otel/trace_exporter 'none statsig' 'otlp-http:endpoint,protocol=binary|json otlp-grpc:endpoint'
        only_keys /otel exporter metrics_exporter trace_exporter environment log_agent_responses log_guardian_assessments log_sse_deltas log_user_prompt span_attributes tool_result tracestate
      fi
      ;;
    gemini)
      row bool /telemetry/enabled "true"
      text /telemetry/target "local"
      text /telemetry/otlpEndpoint "$ENDPOINT/$token"
      text /telemetry/otlpProtocol "http"
      row bool /telemetry/logPrompts "true" prompts
      row bool /telemetry/logPrompts "false" no-prompts
      row bool /telemetry/traces "false"
      text /telemetry/outfile ""
      row bool /telemetry/useCollector "false"
      row bool /telemetry/useCliAuth "false"
      ;;
    qwen-code)
      drop /telemetry/otlpLogsEndpoint /telemetry/otlpMetricsEndpoint QWEN_TELEMETRY_ENABLED QWEN_TELEMETRY_OUTFILE QWEN_TELEMETRY_TARGET QWEN_TELEMETRY_OTLP_ENDPOINT QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT OTLP_ENDPOINT OTLP_LOGS_ENDPOINT OTLP_METRICS_ENDPOINT OTLP_TRACES_ENDPOINT OTLP_HEADERS OTLP_LOGS_HEADERS OTLP_METRICS_HEADERS QWEN_TELEMETRY_OTLP_PROTOCOL OTEL_SDK_DISABLED OTLP_TIMEOUT OTLP_LOGS_TIMEOUT OTLP_METRICS_TIMEOUT
      row bool /telemetry/enabled "true"
      text /telemetry/target "local"
      text /telemetry/otlpEndpoint "$ENDPOINT/$token"
      text /telemetry/otlpProtocol "http"
      text /telemetry/otlpTracesEndpoint ""
      row bool /telemetry/logPrompts "true" prompts
      row bool /telemetry/logPrompts "false" no-prompts
      row bool /telemetry/includeSensitiveSpanAttributes "false"
      text /telemetry/outfile ""
      join_list /env/OTEL_RESOURCE_ATTRIBUTES
      text OTEL_RESOURCE_ATTRIBUTES "$machine_name" host
      ;;
  esac
  case $2-$1 in user-* | system-gemini | system-qwen-code) demands "$1" ;; esac
}

# demands CLI [elsewhere]: without what a CLI does not read a person's file, or does not start; with a word also where our rows are not set.
demands() {
  case $1 in
    claude-code)
kinds 'object env permissions hooks enabledPlugins attribution sandbox worktree pluginConfigs remote autoMode voice breakReminder quietHours remoteTools skillOverrides allowedChannelPlugins/* pluginConfigs/* sandbox/ network filesystem ignoreViolations pluginConfigs/*/ mcpServers options
&type&command statusLine fileSuggestion
strings modelOverrides
&mode&verbs spinnerVerbs
string model otelHeadersHelper apiKeyHelper outputStyle awsAuthRefresh awsCredentialExport language plansDirectory agent minimumVersion $schema proxyAuthHelper gcpAuthRefresh processWrapper attributionProject prUrlTemplate advisorModel requiredMinimumVersion requiredMaximumVersion timeFormat timeZone autoMemoryDirectory claudeMd pluginTrustMessage forceLoginOrgUUID statusLine/command fileSuggestion/command remote/defaultEnvironmentId quietHours/start sandbox/ripgrep/command hooks/PreToolUse/*/matcher hooks/PermissionRequest/*/matcher hooks/PreToolUse/*/hooks/*/command hooks/PermissionRequest/*/hooks/*/command attribution/ commit pr
latest|stable|rc autoUpdatesChannel
count cleanupPeriodDays skillListingMaxDescChars totalTokensReminderBudget
number feedbackSurveyRate skillListingBudgetFraction statusLine/padding sandbox/network/httpProxyPort
boolean includeCoAuthoredBy includeGitInstructions enableAllProjectMcpServers disableAllHooks respectGitignore skipWebFetchPreflight spinnerTipsEnabled alwaysThinkingEnabled fastMode prefersReducedMotion autoMemoryEnabled channelsEnabled allowManagedHooksOnly wslInheritsWindowsSettings disableReplyCheck workflowKeywordTriggerEnabled bashEditDiffEnabled respondToBashCommands allowAllClaudeAiMcps allowClaudeInChromeWithManagedMcp allowNestedModelAccessUnderForceLogin forceRemoteSettingsRefresh clawdFileProgressEnabled syntaxHighlightingDisabled terminalTitleFromRename promptSuggestionEnabled emojiCompletionEnabled awaySummaryEnabled showClearContextOnPlanAccept doneMeansMerged totalTokensReminderAfterUserTurn autoDreamEnabled showThinkingSummaries verbose autoCompactEnabled precomputeCompactionEnabled idleCompaction switchModelsOnFlag autoScrollEnabled wheelScrollAccelerationEnabled fileCheckpointingEnabled showTurnDuration showMessageTimestamps terminalProgressBarEnabled todoFeatureEnabled inputNeededNotifEnabled agentPushNotifEnabled voiceEnabled axScreenReader skipAutoPermissionPrompt syncClaudeAiSkills syncClaudeAiPlugins enforceAvailableModels disableClaudeAiConnectors disableBundledSkills disableDirectMcpSkills disableAgentView disableRemoteControl disableWorkflows disableArtifact enableArtifact enableWorkflows disableSkillShellExecution disableWindowsBashCommandSplit allowManagedPermissionRulesOnly allowManagedMcpServersOnly disableCommandPluginSources disableSideloadFlags fastModePerSessionOptIn responseComparisonEnabled skipDangerousModePermissionPrompt skipWorkflowUsageWarning autoContinueAtUsageLimit remoteControlAtStartup isolatePeerMachines autoUploadSessions attribution/sessionUrl breakReminder/enabled quietHours/enabled sandbox/network/allowLocalBinding voice/ enabled autoSubmit sandbox/ enabled failIfUnavailable autoAllowBashIfSandboxed allowUnsandboxedCommands enableWeakerNestedSandbox
list disabledMcpjsonServers strictKnownMarketplaces allowedChannelPlugins sshConfigs hooks/PreToolUse/*/hooks hooks/PermissionRequest/*/hooks permissions/ allow deny ask hooks/ PreToolUse PermissionRequest
texts permissions/additionalDirectories companyAnnouncements availableModels httpHookAllowedEnvVars allowedHttpHookUrls fallbackModel pluginSuggestionMarketplaces claudeMdExcludes enabledMcpjsonServers autoMode/allow sandbox/excludedCommands sandbox/network/allowedDomains sandbox/ignoreViolations/* spinnerVerbs/verbs sandbox/filesystem/ allowWrite denyWrite denyRead allowRead worktree/ sparsePaths symlinkDirectories
whole desktopSessionCleanupPeriodDays
positive env/ OTEL_METRIC_EXPORT_INTERVAL OTEL_METRIC_EXPORT_TIMEOUT OTEL_LOGS_EXPORT_INTERVAL OTEL_BLRP_EXPORT_TIMEOUT OTEL_BLRP_MAX_QUEUE_SIZE OTEL_BLRP_MAX_EXPORT_BATCH_SIZE
&id&name&sshHost sshConfigs/*
&command sandbox/ripgrep
&source strictKnownMarketplaces/* blockedMarketplaces/*
&hooks hooks/PreToolUse/* hooks/PermissionRequest/*
&type hooks/PreToolUse/*/hooks/* hooks/PermissionRequest/*/hooks/*
{list}|{null} blockedMarketplaces
{boolean}|{list} enabledPlugins/*
on|name-only|user-invocable-only|off skillOverrides/*
pluginDirectory|url|github|git|npm|file|directory|skills-dir|hostPattern|pathPattern|settings strictKnownMarketplaces/*/source blockedMarketplaces/*/source extraKnownMarketplaces/*/source/source
command|prompt|agent|http|mcp_tool hooks/PreToolUse/*/hooks/*/type hooks/PermissionRequest/*/hooks/*/type
first-wins|merge parentSettingsBehavior managedSourcesBehavior
disable|{null} disableAutoMode
disable|disable disableDeepLinkRegistration permissions/ disableAutoMode disableBypassPermissionsMode
notify|quiet|off|{null} feedbackDrafts
unrestricted|small|medium|large workflowSizeGuideline
bash|powershell defaultShell
chat|transcript defaultView
default|fullscreen tui
off|infinite|fixed|countdown|padded-countdown totalTokensReminder
transient|ask daemonColdStart
acceptEdits|auto|bypassPermissions|default|dontAsk|plan permissions/defaultMode
command|command statusLine/type fileSuggestion/type
append|replace spinnerVerbs/mode
hold|tap voice/mode
fresh|head worktree/baseRef'
      ;;
    codex)
kinds 'boolean analytics/enabled allow_login_shell check_for_update_on_startup disable_paste_burst hide_agent_reasoning include_apps_instructions include_environment_context include_permissions_instructions show_raw_agent_reasoning suppress_unstable_features_warning agents/interrupt_message feedback/enabled tui/animations mcp_servers/*/enabled sandbox_workspace_write/ network_access exclude_tmpdir_env_var shell_environment_policy/ ignore_default_excludes experimental_use_profile otel/ log_user_prompt log_agent_responses log_guardian_assessments log_sse_deltas
string apps_mcp_product_sku chatgpt_base_url compact_prompt default_permissions developer_instructions instructions log_dir mcp_oauth_callback_url model model_catalog_json model_instructions_file model_provider model_reasoning_effort openai_base_url oss_provider plan_mode_reasoning_effort review_model service_tier sqlite_home agents/default_subagent_model tui/notifications/* tui/theme agents/*/description otel/environment otel/trace_exporter/*/endpoint mcp_servers/*/ command url model_providers/*/ name base_url env_key profiles/*/ model model_provider
int model_auto_compact_token_limit model_context_window agents/max_depth
whole background_terminal_max_timeout mcp_oauth_callback_port project_doc_max_bytes tool_output_token_limit agents/job_max_runtime_seconds history/max_bytes model_providers/*/request_max_retries otel/tool_result/max_bytes
texts notify project_doc_fallback_filenames project_root_markers sandbox_workspace_write/writable_roots tui/status_line shell_environment_policy/ exclude include_only mcp_servers/*/ args enabled_tools
nothing profile mcp_servers/*/bearer_token model_providers/openai
object agents analytics apps audio auto_review features feedback history hooks marketplaces mcp_servers memories model_providers notice otel permissions plugins profiles projects realtime sandbox_workspace_write shell_environment_policy skills tool_suggest tools tui windows skills/bundled agents/* apps/* marketplaces/* plugins/* profiles/* projects/* otel/ tracestate tool_result
count agents/max_threads
save-all|none history/persistence
core|all|none shell_environment_policy/inherit
strings shell_environment_policy/set model_providers/*/http_headers otel/tracestate/* otel/span_attributes mcp_servers/*/ env http_headers otel/trace_exporter/*/ headers tls
list skills/config
{boolean}|{object} tools/web_search features/*
{boolean}|{list} tui/notifications
auto|always|never tui/alternate_screen
auto|osc9|osc777|bel tui/notification_method
elevated|unelevated|mxc windows/sandbox
^command^url mcp_servers/*
number mcp_servers/*/startup_timeout_sec
^name model_providers/*
responses|responses model_providers/*/wire_api
user|auto_review|guardian_subagent profiles/*/approvals_reviewer approvals_reviewer
auto|concise|detailed|none profiles/*/model_reasoning_summary model_reasoning_summary
low|medium|high profiles/*/model_verbosity model_verbosity
none|friendly|pragmatic profiles/*/personality personality
read-only|workspace-write|danger-full-access profiles/*/sandbox_mode sandbox_mode
disabled|cached|indexed|live profiles/*/web_search web_search
untrusted|on-request|on-failure|never|{object} profiles/*/approval_policy
trusted|untrusted projects/*/trust_level
on-request|on-failure|never|{object} approval_policy
file|keyring|auto|ephemeral cli_auth_credentials_store
chatgpt|api forced_login_method
auto|file|keyring mcp_oauth_credentials_store
vscode|vscode-insiders|windsurf|cursor|none file_opener'
form /otel/trace_exporter 'none statsig' 'otlp-http:endpoint,protocol=binary|json otlp-grpc:endpoint'
[ $# -gt 1 ] || return 0
kinds 'string otel/exporter/*/endpoint otel/metrics_exporter/*/endpoint
strings otel/exporter/*/ headers tls otel/metrics_exporter/*/ headers tls'
form /otel/exporter 'none statsig' 'otlp-http:endpoint,protocol=binary|json otlp-grpc:endpoint'
form /otel/metrics_exporter 'none statsig' 'otlp-http:endpoint,protocol=binary|json otlp-grpc:endpoint'
      ;;
    gemini)
kinds 'object security advanced experimental hooksConfig tools
{string}|{list} policyPaths adminPolicyPaths
number model/maxSessionTurns
texts context/includeDirectories mcp/ excluded allowed tools/ exclude allowed confirmationRequired core
string experimental/extensionRegistryURI
default|auto_edit|plan|yolo general/defaultApprovalMode'
      ;;
    qwen-code)
kinds 'string plansDirectory proxy imageModel modelFallbacks
object omni
number model/ maxWallTimeSeconds goalTokenBudget
positive env/ OTEL_BLRP_EXPORT_TIMEOUT OTEL_BLRP_MAX_QUEUE_SIZE OTEL_BLRP_MAX_EXPORT_BATCH_SIZE OTEL_BSP_EXPORT_TIMEOUT OTEL_BSP_MAX_QUEUE_SIZE OTEL_BSP_MAX_EXPORT_BATCH_SIZE'
only_keys /omni delivery enabled ingestion memory processing storage
      ;;
  esac
}

# opens CLI: the same, where it is not known whether it does.
opens() {
  case $1 in
    claude-code)
kinds 'nothing feedbackSurveyRate skillListingBudgetFraction
&source extraKnownMarketplaces/*/source
^command^prompt^url^server hooks/PreToolUse/*/hooks/* hooks/PermissionRequest/*/hooks/*'
      ;;
    codex)
kinds 'nothing model_instructions_file model_catalog_json permissions allowed_permission_profiles
:read-only|:workspace|:danger-full-access default_permissions
openai|ollama|lmstudio|amazon-bedrock|{/model_providers} model_provider
string approval_policy
boolean tools/web_search features/*
small agents/max_depth mcp_oauth_callback_port mcp_servers/*/startup_timeout_sec'
      ;;
    gemini)
kinds 'nothing tools/sandbox security/auth/enforcedType'
      ;;
    qwen-code)
kinds 'nothing tools/sandbox security/auth/enforcedType'
      ;;
  esac
}

# token_pointers CLI: the settings with the token, as questions to the editor.
token_pointers() {
  case $1 in
    claude-code) printf 'get\t%s\n' /env/OTEL_EXPORTER_OTLP_HEADERS ;;
    codex) printf 'get\t%s\n' /otel/exporter/otlp-http/headers/Authorization /otel/metrics_exporter/otlp-http/headers/Authorization ;;
    gemini) printf 'get\t%s\n' /telemetry/otlpEndpoint ;;
    qwen-code) printf 'get\t%s\n' /telemetry/otlpEndpoint ;;
  esac
}

# Where releases show without running anything: CLI, kind of sign, path. Packages of npm in a folder:
packages_in() {
  printf '%s package %s/%s/package.json\n' \
    claude-code "$1" @anthropic-ai/claude-code \
    codex "$1" @openai/codex \
    gemini "$1" @google/gemini-cli \
    qwen-code "$1" @qwen-code/qwen-code
}

# On the machine:
machine_signs() {
  for folder in \
    usr/local/lib/node_modules \
    usr/lib/node_modules \
    opt/homebrew/lib/node_modules; do
    packages_in "$folder"
  done
  for folder in opt/homebrew usr/local; do
    printf "%s $folder/%s\n" \
      'claude-code folder' 'Caskroom/claude-code/*' \
      'codex folder' 'Caskroom/codex/*' \
      'codex folder' 'Cellar/codex/*' \
      'gemini folder' 'Cellar/gemini-cli/*' \
      'qwen-code folder' 'Cellar/qwen-code/*'
  done
  printf '%s\n' \
    'claude-code trace usr/bin/claude' \
    'claude-code trace usr/local/bin/claude'
}

# In a home:
user_signs() {
  for folder in \
    .npm-global/lib/node_modules \
    .local/lib/node_modules \
    '.nvm/versions/node/*/lib/node_modules' \
    '.local/share/fnm/node-versions/*/installation/lib/node_modules' \
    'Library/Application Support/fnm/node-versions/*/installation/lib/node_modules' \
    '.asdf/installs/nodejs/*/lib/node_modules' \
    '.local/share/mise/installs/node/*/lib/node_modules' \
    '.volta/tools/image/node/*/lib/node_modules' \
    .bun/install/global/node_modules \
    '.local/share/pnpm/global/*/node_modules' \
    'Library/pnpm/global/*/node_modules'; do
    packages_in "$folder"
  done
  printf '%s\n' \
    'claude-code link .local/bin/claude' \
    'claude-code trace .claude/local/claude' \
    'claude-code trace .claude.json' \
    'claude-code ours .claude/settings.json.crossfade-undo' \
    'codex link .codex/packages/standalone/current' \
    'codex trace .codex/installation_id' \
    'codex trace .codex/config.toml' \
    'codex ours .codex/config.toml.crossfade-undo' \
    'gemini trace .gemini/installation_id' \
    'gemini ours .gemini/settings.json.crossfade-undo' \
    'qwen-code trace .qwen/installation_id' \
    'qwen-code ours .qwen/settings.json.crossfade-undo'
}

# Accounts of people, by system.
people() {
  case $OS in
    macos) people_macos ;;
  esac
}

# daemon CLI: its processes that outlive sessions. Sets needle, a pattern for the command line of each, restart, the arguments of a
# restart, variables, a pattern for the names of those that go before the file, and moved, below and usual, which say where its settings
# are.
daemon() {
  case $1 in
    codex) needle='codex.* --managed-daemon' variables='OTEL_EXPORTER_OTLP_[A-Z_]+' restart='app-server daemon restart' moved=CODEX_HOME below='' usual=.codex ;;
    *) needle='' ;;
  esac
}

# print_header_program CLI: the program that the CLI runs for its header, with the option helper.
print_header_program() {
  case $1 in
    claude-code) put '#!/bin/sh
# Prints the header for Claude Code'\''s telemetry, with the token from the file next to this program. Made by otel-crossfade.
{ { set +xva; } 2>/dev/null; }
unset -v token
IFS= read -r token <"${0%/*}/crossfade-token" || [ -n "$token" ] || exit 1
printf '\''{"Authorization":"Bearer %s"}\n'\'' "$token"
' ;;
  esac
}

# ---- Editor of JSON and TOML files, an awk program ----

EDIT='# Reads and changes single keys of a JSON, JSONC or TOML file. POSIX awk; it starts no program but cat, and touches only the files named.
#
#   printf "%s\n" "$plan" | LC_ALL=C awk -v format=json -v mode=MODE -f FILE_OF_THIS_PROGRAM - FILE
#
# format  json | jsonc (comments are allowed, trailing commas are not: not every reader accepts them) | toml (1.0)
# mode    what to do. Each mode has a section below, which says what its plan is and what it prints.
# status  a file that gets the exit code, the number of bytes printed and the lines of the record: some awks report no full disk
#
# Fields of a plan line are separated by tabs. POINTER is RFC 6901 (/env/NAME); VALUE is plain text and is quoted here.
# stderr  "edit: FILE:LINE:COL: reason", never a value
# exit    0 done; 1 nothing to change, nothing printed; 2 wrong use; 3 the file cannot be parsed, nothing printed;
#         4 the result failed the final check, nothing printed

# ---------------------------------------------------------------------------------------------------------------
# Text. It is kept in pieces of SIZE bytes, because awks are slow on long strings. X[g, i] is piece i of generation g: 0 is the
# file, each pass of edits makes the next. LEN[g] is the length in bytes.

function store(g, text) {
  LEN[g] = length(text); PIECES[g] = 0
  halve(g, text, LEN[g])
}

function halve(g, text, n,   half) {
  if (n <= SIZE) { if (n) X[g, ++PIECES[g]] = text; return }
  half = SIZE * int((int((n - 1) / SIZE) + 1) / 2)
  halve(g, substr(text, 1, half), half)
  halve(g, substr(text, half + 1), n - half)
}

# Bytes a to b of the generation that was parsed last.
function slice(a, b,   i, s) {
  if (a < 1) a = 1
  if (b > LEN[G]) b = LEN[G]
  if (b < a) return ""
  i = int((a - 1) / SIZE) + 1
  s = substr(X[G, i], a - (i - 1) * SIZE)
  while (i * SIZE < b) s = s X[G, ++i]
  return substr(s, 1, b - a + 1)
}

# The lexer looks at W, a window on the text that begins at byte AT and holds at least LOW bytes.
function seek(at,   i) {
  i = int((at - 1) / SIZE) + 1
  AT = at; W = i > PIECES[G] ? "" : substr(X[G, i], at - (i - 1) * SIZE); NEXT = i
  fill()
}

function fill() { while (length(W) < SIZE && NEXT < PIECES[G]) W = W X[G, ++NEXT] }

function eat(n) {
  AT += n; W = substr(W, n + 1)
  if (length(W) < LOW) fill()
}

# Moves n bytes to TOK. Tokens over 32 KB go to the list of values in pieces.
function take(n) {
  TOK = TOK substr(W, 1, n)
  eat(n)
  if (length(TOK) > 32768) { SPILT = 1; note(OWNER, substr(TOK, 1, 32768)); TOK = substr(TOK, 32769) }
}

# The first failure ends all reading: the window is emptied and stays empty.
function fail(at, reason) {
  if (WHY == "") WHY = place(at) ": " reason
  W = ""; NEXT = PIECES[G]
  return 0
}

function place(at,   i, n, s, bit, line, head) {
  line = 1; head = 1
  for (i = 1; (i - 1) * SIZE < at - 1; i++) {
    s = substr(X[G, i], 1, at - 1 - (i - 1) * SIZE)
    n = split(s, bit, "\n")
    if (n > 1) { line += n - 1; head = (i - 1) * SIZE + length(s) - length(bit[n]) + 1 }
  }
  return line ":" (at - head + 1)
}

# Reads the file in one go. Some awks stop at a NUL byte: then counting records that end with the last byte seen gives more than
# that text has of it.
function load(   text, line, n, c) {
  RS = "\001"; text = ""; n = 0
  while ((c = (getline line < FILE)) > 0) if (++n == 1) text = line
  close(FILE)
  if (c < 0) { WHY = "cannot be read"; return 0 }
  c = sprintf("%c", 0)
  if (n > 1 || (n && text == "") || (length(c) && index(text, c))) WHY = "a control character"
  if (n == 1 && text != "") {
    RS = substr(text, length(text))
    for (n = 0; (getline line < FILE) > 0; n++) ;
    close(FILE)
    store(0, text); G = 0
    if (n != times(RS)) WHY = "a control character"
  } else store(0, text)
  if (text ~ /^(\376\377|\377\376)/) WHY = "UTF-16"
  # Some CLIs read it, and it stays; others do not start with it.
  if (substr(text, 1, 3) == "\357\273\277") {
    if (format == "jsonc") WHY = "a byte order mark; save the file as UTF-8 without it"
    else { MARK = "\357\273\277"; store(0, substr(text, 4)) }
  }
  return WHY == ""
}

function times(c,   i, j, s, n) {
  n = 0
  for (i = 1; i <= PIECES[0]; i++) for (s = X[0, i]; j = index(s, c); s = substr(s, j + 1)) n++
  return n
}

# ---------------------------------------------------------------------------------------------------------------
# Parsing. Pointers that matter (WANT: those of the plan and everything above them) get KIND, WHERE and, for containers, OPEN and
# CLOSE. Members of containers that matter are numbered 1..M: path, container, start and end of the key, start and end of the value,
# the comma after it, the member before it in the container. Every other value goes to the list E, which an edit must not change.

function parse(g, listing) {
  split("", KIND); split("", WHERE); split("", OPEN); split("", CLOSE); split("", MEMBER); split("", INSIDE)
  split("", HOST); split("", COUNT); split("", LAST); split("", FIRST); split("", SEEN); split("", BASE)
  M = SECTIONS = EVENTS = COMMENTS = SM[0] = 0; LISTED = ""
  G = g; LISTING = listing
  seek(1)
  if (format == "toml") toml(); else json()
  return WHY == ""
}

# LISTING 1 writes the list, 2 compares with it.
function note(path, text) {
  if (HUSHED || !LISTING) return
  if (LISTING == 1) E[++EVENTS] = path "=" text
  else if (E[++EVENTS] != path "=" text) DIFFERENT = 1
}

function member(host, path, at) {
  M++
  mPath[M] = path; mHost[M] = host; mKey[M] = at; mName[M] = at; mVal[M] = at; mEnd[M] = at; mComma[M] = 0
  mPrev[M] = (host in LAST) ? LAST[host] : 0
  mNext[M] = 0
  if (mPrev[M]) mNext[mPrev[M]] = M
  mId[M] = path "#" ++SEEN[path]
  if (!(host in FIRST)) FIRST[host] = M
  LAST[host] = M
  if (path in WANT) MEMBER[path] = M
  return M
}

# A pointer is found for the first time.
function born(path, kind, at) {
  if (format == "toml" || (path in WANT) || (up(path) in WANT)) KIND[path] = kind
  if (path in WANT) WHERE[path] = at
}

# A value and everything inside it. Containers are kept on a stack: SK kind, SP path, SN elements, SM member, SH hush.
function value(path, hush,   d, c, opened, comma, lines) {
  d = 0
  while (WHY == "") {
    HUSHED = hush || (path in WANT)
    c = substr(W, 1, 1)
    opened = c == "{" || c == "["
    if (opened) {
      if (++d > 200) return fail(AT, "nested too deeply")
      SK[d] = c; SP[d] = path; SN[d] = 0; SM[d] = 0; SH[d] = hush
      born(path, c == "{" ? "object" : "array", AT)
      if (path in WANT) { OPEN[path] = AT; INSIDE[path] = path }
      note(path, c)
      eat(1)
    } else {
      OWNER = path; TOK = ""; SPILT = 0; lines = AT
      if (format == "toml") toml_scalar(); else json_scalar()
      born(path, TYPE, lines)
      note(path, TOK)
    }
    # On to the next value, out of the containers that end on the way.
    for (;;) {
      if (!opened && SM[d]) mEnd[SM[d]] = AT - 1
      if (d == 0 || WHY != "") return
      # TOML 1.1 allows lines in an inline table; those that are edited are on one.
      lines = format != "toml" || SK[d] == "[" || !(SP[d] in WANT) || WANT[SP[d]] == 2
      space(lines)
      comma = !opened && substr(W, 1, 1) == ","
      if (comma) {
        if (SM[d]) mComma[SM[d]] = AT
        eat(1); space(lines)
      }
      c = substr(W, 1, 1)
      if (c == (SK[d] == "{" ? "}" : "]") && (!comma || (format == "toml" && lines))) {
        if (SP[d] in WANT) CLOSE[SP[d]] = AT
        eat(1); d--; opened = 0
        continue
      }
      if (c == "") return fail(AT, "the file ends inside a value")
      if (!opened && !comma) return fail(AT, "expected a comma or a closing bracket")
      if (SK[d] == "[") { path = SP[d] "/" SN[d]++; hush = SH[d] }
      else { HUSH = SH[d]; SM[d] = key(SP[d], SP[d]); path = PATH; hush = HUSH }
      break
    }
  }
}

# A key and what separates it from its value. Returns the member, or 0 where it does not matter; sets PATH and HUSH.
function key(table, host,   at, m) {
  at = AT; m = 0
  if (format == "toml") toml_key(table, host); else json_key(table)
  if ((host in WANT) || host == LISTED) { m = member(host, PATH, at); mName[m] = NAME_END }
  space(format != "toml")
  if (substr(W, 1, 1) != (format == "toml" ? "=" : ":")) return fail(AT, "expected a key and its value")
  eat(1)
  space(format != "toml")
  if (m) mVal[m] = AT
  return m
}

# Skips white space, and with lines also line ends and comments.
function space(lines,   c) {
  while ((c = substr(W, 1, 1)) != "") {
    if (c == " " || c == "\t") { match(W, /^[ \t]+/); eat(RLENGTH) }
    else if (lines && (c == "\n" || c == "\r")) line_end()
    else if (lines && c == (format == "toml" ? "#" : format == "jsonc" ? "/" : "")) comment()
    else return
  }
}

function line_end(   n) {
  if (format != "toml") { match(W, /^[ \t\r\n]+/); eat(RLENGTH) }
  else if (substr(W, 1, 1) == "\n") eat(1)
  else if (substr(W, 1, 2) == "\r\n") eat(2)
  else fail(AT, "a carriage return alone does not end a line")
}

function comment(   from, end) {
  from = AT; COMMENTS++
  if (substr(W, 1, 2) == "/*") {
    eat(2)
    while (!(end = index(W, "*/"))) {
      if (NEXT >= PIECES[G]) return fail(from, "a comment does not end")
      eat(length(W) - 1)
    }
    eat(end + 1)
  } else if (format == "toml") {
    while (match(W, /^[^\001-\010\012-\037\177]+/)) eat(RLENGTH)
    if (W ~ /^[^\r\n]/) fail(AT, "a control character in a comment")
  } else if (substr(W, 1, 2) == "//") {
    while (match(W, /^[^\r\n]+/)) eat(RLENGTH)
    # Readers differ on whether a lone carriage return ends the comment; then nothing but blanks or a comment may follow on the line.
    if (W ~ /^\r/ && W !~ /^[ \t\r]+(\n|\/\/)/ && (W !~ /^[ \t\r]+$/ || NEXT < PIECES[G])) fail(AT, "a carriage return alone ends a comment")
  } else fail(AT, "expected a comment")
}

# ---------------------------------------------------------------------------------------------------------------
# JSON and JSONC.

function json() {
  space(1)
  if (W == "" && !COMMENTS) return
  if (substr(W, 1, 1) != "{") return fail(AT, "the file does not hold an object")
  SM[0] = member("#top", "", AT)
  value("", 0)
  space(1)
  if (W != "") fail(AT, "something follows the object")
}

function json_key(host,   at) {
  at = AT; OWNER = host; TOK = ""; SPILT = 0
  if (substr(W, 1, 1) != "\"") return fail(AT, "expected a key")
  json_string()
  if (SPILT) return fail(at, "the key is too long")
  NAME_END = AT - 1
  PATH = host "/" reference(plain(TOK))
  if (PATH in SILENT) HUSH = 1
  if ((PATH in WANT) && (PATH in KIND)) return fail(at, "this key is there twice")
}

function json_scalar(   at) {
  at = AT
  if (substr(W, 1, 1) == "\"") { json_string(); TYPE = "string"; return }
  while (match(W, /^[-+.0-9A-Za-z_$]+/)) take(RLENGTH)
  if (TOK ~ /^-?(0|[1-9][0-9]*)$/) TYPE = "int"
  else if (TOK ~ /^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$/) TYPE = "float"
  else if (TOK == "true" || TOK == "false") TYPE = "bool"
  else if (TOK == "null") TYPE = "null"
  else fail(at, "expected a value")
  if (SPILT) fail(at, "a word is too long")
}

function json_string(   from) {
  if (match(W, /^"[^"\\\001-\037]*"/)) { take(RLENGTH); return }
  from = AT
  for (take(1); ; ) {
    if (match(W, /^[^"\\\001-\037]+/)) take(RLENGTH)
    else if (substr(W, 1, 1) == "\"") return take(1)
    else if (match(W, /^\\(["\\\/bfnrt]|u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f])/)) take(RLENGTH)
    else if (W == "") return fail(from, "a string does not end")
    else return fail(AT, "a control character or a wrong escape in a string")
  }
}

# ---------------------------------------------------------------------------------------------------------------
# TOML. A section is a header and the statements below it; "#0" is what stands above the first header.

function toml(   m) {
  KIND[""] = "table"; INSIDE[""] = "#0"; BASE["#0"] = ""
  TABLE = ""; SECTION = LISTED = "#0"; QUIET = 0; ABOVE = "^"; ABOVE_END = 1
  while (WHY == "") {
    space(1)
    if (W == "") return
    m = substr(W, 1, 1) == "[" ? header() : statement()
    space(0)
    if (substr(W, 1, 1) == "#") comment()
    if (W != "") line_end()
    if (m) { mLine[m] = AT; mAbove[m] = ABOVE; mAboveEnd[m] = ABOVE_END; mId[m] = mPath[m] }
    ABOVE = PATH; ABOVE_END = AT
    if (ABOVE in ANCHOR) ANCHOR[ABOVE] = AT
  }
}

function statement(   m, p) {
  HUSH = QUIET
  m = key(TABLE, SECTION); p = PATH
  value(p, HUSH)
  if (m) mEnd[m] = AT - 1
  PATH = p
  return m
}

function header(   at, list, p, m, n) {
  at = AT; list = substr(W, 1, 2) == "[["; p = ""; HUSH = 0
  for (eat(list + 1); ; eat(1)) {
    space(0)
    if (++n > 200) return fail(AT, "nested too deeply")
    p = p "/" part()
    space(0)
    if (p in SILENT) HUSH = 1
    if (substr(W, 1, 1) != ".") break
    if (!(p in KIND)) born(p, "implicit", at)
    else if (KIND[p] == "tables") p = p "/" (COUNT[p] - 1)
    else if (KIND[p] !~ /^(table|implicit|dotted)$/) return fail(at, "a table below a value")
  }
  if (list) {
    if (!(p in KIND)) { born(p, "tables", at); COUNT[p] = 0 }
    else if (KIND[p] != "tables") return fail(at, "this table is there twice")
    p = p "/" COUNT[p]++
  } else if ((p in KIND) && KIND[p] != "implicit") return fail(at, "this table is there twice")
  born(p, "table", at)
  if (substr(W, 1, list + 1) != (list ? "]]" : "]")) return fail(AT, "expected the end of the header")
  eat(list + 1)
  PATH = p; TABLE = p; SECTION = "#" (++SECTIONS); QUIET = HUSH
  INSIDE[p] = SECTION; BASE[SECTION] = p
  LISTED = HUSH || (p in WANT) ? SECTION : ""
  HUSHED = LISTED != ""
  note(p, "[")
  if (!HUSHED) return 0
  m = member("#headers", p, at)
  mEnd[m] = AT - 1
  return m
}

# A key of one or more parts below a table. Sets PATH; defines the tables on the way.
function toml_key(table, host,   at, n) {
  at = AT; PATH = table
  for (;; eat(1)) {
    space(0)
    if (++n > 200) return fail(AT, "nested too deeply")
    PATH = PATH "/" part()
    NAME_END = AT - 1
    space(0)
    if (PATH in SILENT) HUSH = 1
    if (substr(W, 1, 1) != ".") break
    if (!(PATH in KIND)) { born(PATH, "dotted", at); HOST[PATH] = host }
    else if (KIND[PATH] != "dotted") return fail(at, "a key below a value or a table of its own")
  }
  if (PATH in KIND) return fail(at, "this key is there twice")
}

# One part of a key, as in a pointer.
function part(   at) {
  at = AT; TOK = ""; OWNER = ""; SPILT = 0; HUSHED = 1
  if (W ~ /^["\047]/) {
    if (substr(W, 1, 3) ~ /^("""|\047\047\047)/) return fail(AT, "a key on many lines")
    toml_string()
  } else while (match(W, /^[A-Za-z0-9_-]+/)) take(RLENGTH)
  if (TOK == "") fail(AT, "expected a key")
  if (SPILT) fail(at, "the key is too long")
  return reference(plain(TOK))
}

function toml_scalar(   at) {
  at = AT
  if (W ~ /^["\047]/) { toml_string(); TYPE = "string"; return }
  while (match(W, /^[-+.:0-9A-Za-z_]+/)) take(RLENGTH)
  if (TOK ~ /^[0-9][0-9][0-9][0-9]-[^T]*$/ && match(W, /^ [0-9][0-9]:[-+.:0-9A-Za-z]+/)) take(RLENGTH)
  if (TOK == "true" || TOK == "false") TYPE = "bool"
  else if (TOK ~ /^([-+]?(0|[1-9](_?[0-9])*)|0x[0-9A-Fa-f](_?[0-9A-Fa-f])*|0o[0-7](_?[0-7])*|0b[01](_?[01])*)$/) {
    TYPE = "int"
    if (!SPILT && TOK ~ /^[-+]?[1-9][0-9_]*$/ && too_large(TOK)) fail(at, "a number is too large")
  }
  else if (TOK ~ /^[-+]?((0|[1-9](_?[0-9])*)([.][0-9](_?[0-9])*)?([eE][-+]?[0-9](_?[0-9])*)?|inf|nan)$/) TYPE = "float"
  else if (TOK ~ /^[0-9][0-9]/ && TOK ~ ("^(" DATE "([Tt ]" TIME "([Zz]|[-+]" HOUR ":[0-5][0-9])?)?|" TIME ")$")) TYPE = "date"
  else fail(at, "expected a value")
  if (SPILT) fail(at, "a word is too long")
}

# Whether it has more than 64 bits, with which no reader takes the file.
function too_large(n) {
  gsub(/[-+_]/, "", n)
  return length(n) > 19 || (length(n) == 19 && (n "") > "9223372036854775807")
}

# A string of any of the four kinds.
function toml_string(   from, q, many, c, n) {
  from = AT; q = substr(W, 1, 1); many = substr(W, 1, 3) == q q q
  for (take(many ? 3 : 1); (c = substr(W, 1, 1)) != ""; ) {
    if (c == q) {
      if (!many) return take(1)
      # One or two quotes may stand before the three that end it.
      for (n = 1; n < 5 && substr(W, n + 1, 1) == q; n++) ;
      take(n)
      if (n > 2) return
    } else if (c == "\\" && q == "\"") {
      if (match(W, /^\\["\\bfnrt]/)) take(2)
      else if (match(W, /^\\(u|U000[0-9A-Fa-f]|U0010)[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]/) && W !~ /^\\(u|U0000)[dD][89A-Fa-f]/) take(RLENGTH)
      else if (many && match(W, /^\\[ \t]*\r?\n/)) take(RLENGTH)
      else return fail(AT, "a wrong escape in a string")
    }
    else if (match(W, /^[^"\047\\\001-\010\012-\037\177]+/)) take(RLENGTH)
    else if (W ~ /^["\047\\]/ || (many && c == "\n")) take(1)
    else if (many && substr(W, 1, 2) == "\r\n") take(2)
    else return fail(AT, "a control character in a string")
  }
  fail(from, "a string does not end")
}

# ---------------------------------------------------------------------------------------------------------------
# Strings and pointers.

# The value of a token: of a string what it stands for, of anything else its text.
function plain(t,   q) {
  q = substr(t, 1, 1)
  if (q != "\"" && q != "\047") return t
  if (format == "toml" && length(t) > 5 && substr(t, 1, 3) == q q q) {
    t = substr(t, 4, length(t) - 6)
    sub(/^\r?\n/, "", t)
  } else t = substr(t, 2, length(t) - 2)
  return q == "\"" ? unescape(t) : t
}

function unescape(s,   out, i, c, n) {
  out = ""
  while (i = index(s, "\\")) {
    out = out substr(s, 1, i - 1); c = substr(s, i + 1, 1); n = 2
    if (c in LETTER) out = out LETTER[c]
    else if (c == "u" || c == "U") {
      n = c == "u" ? 6 : 10
      c = hex(substr(s, i + 2, n - 2))
      if (c >= 55296 && c < 56320 && substr(s, i + 6) ~ /^\\u[dD][c-fC-F]/) { c = 65536 + (c - 55296) * 1024 + hex(substr(s, i + 8, 4)) - 56320; n = 12 }
      out = out utf8(c)
    } else { match(substr(s, i + 1), /^[ \t\r\n]*/); n = 1 + RLENGTH }
    s = substr(s, i + n)
  }
  return out s
}

function hex(s,   i, n) {
  for (n = 0; s != ""; s = substr(s, 2)) n = n * 16 + index("0123456789abcdef", tolower(substr(s, 1, 1))) - 1
  return n
}

# U+0000 becomes two bytes, since not every awk can hold it.
function utf8(n,   tail) {
  if (n && n < 128) return sprintf("%c", n)
  tail = sprintf("%c", 128 + n % 64); n = int(n / 64)
  if (n < 32) return sprintf("%c", 192 + n) tail
  tail = sprintf("%c", 128 + n % 64) tail; n = int(n / 64)
  if (n < 16) return sprintf("%c", 224 + n) tail
  return sprintf("%c", 240 + int(n / 64)) sprintf("%c", 128 + n % 64) tail
}

# Makes one line, for records and answers; unescape() reverses it.
function one_line(s,   out) {
  for (out = ""; match(s, /[\\\t\r\n]/); s = substr(s, RSTART + 1)) out = out substr(s, 1, RSTART - 1) SHORT[substr(s, RSTART, 1)]
  return out s
}

function reference(name) {
  if (name ~ /[~\/]/) { gsub(/~/, "~0", name); gsub(/\//, "~1", name) }
  return name
}

function up(p) { sub(/\/[^\/]*$/, "", p); return p }

function wanted(p) { for (WANT[""] = 1; p != ""; p = up(p)) WANT[p] = 1 }

# Type and value at a pointer as one text; "" if there is nothing.
function content(p) {
  if (!(p in KIND)) return ""
  return KIND[p] "\t" ((p in MEMBER) && KIND[p] !~ /^(object|array|table)$/ ? plain(slice(mVal[MEMBER[p]], mEnd[MEMBER[p]])) : "")
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

function read_rows(   i, f, n, p, v) {
  for (i = 1; i <= PLANNED; i++) {
    if (PLAN[i] == "") continue
    n = split(PLAN[i], f, "\t"); p = f[2] ""
    if (n < 2 || p == "" || !is_pointer(p)) return 0
    wanted(p)
    if (f[1] == "drop") { DROP[++DROPS] = p; SILENT[p] = 1 }
    else if (f[1] == "keep") KEEP[p] = 1
    else if (f[1] == "join") JOIN[p] = 1
    else if (f[1] == "kind" && n == 3) {
      if (p !~ /[*]/) KINDS[p] = f[3]
      else for (STAR[p] = f[3]; (p = up(p)) ~ /[*]/; ) if (!(p in STAR)) STAR[p] = "any"
    }
    else if (f[1] == "only" && n == 3) ONLY[p] = " " f[3] " "
    else if (f[1] == "form" && n == 4) { WORDS[p] = f[3]; FORM[p] = f[4]; want_form(p, f[4]) }
    else if (f[1] == "set" && n > 3) {
      v = substr(PLAN[i], length(f[1] f[2] f[3]) + 4)
      if ((p in SETTYPE) || !(f[3] == "string" || (f[3] == "bool" && v ~ /^(true|false)$/) || (f[3] == "int" && v ~ /^(0|-?[1-9][0-9]*)$/ && length(v) < 19))) return 0
      SET[++SETS] = p; SETTYPE[p] = f[3]; SETVALUE[p] = v; SILENT[p] = 1
    } else return 0
  }
  for (i = 1; i <= SETS; i++) for (p = up(SET[i]); p != ""; p = up(p)) { if (p in SETTYPE) return 0; NEED[p] = 1 }
  for (p in SETTYPE) NEED[p] = 1
  return 1
}

# What ends with our value is as planned where it is to be joined.
function accept_joined(   i, p, v) {
  for (i = 1; i <= SETS; i++) {
    p = SET[i]; v = content(p)
    if ((p in JOIN) && v ~ /^string\t/ && ends(substr(v, 8), SETVALUE[p])) SETVALUE[p] = substr(v, 8)
  }
}

function ends(v, ours) { return v == ours || (length(v) > length(ours) && substr(v, length(v) - length(ours)) == "," ours) }

# Takes out of the plan what a table that is to be kept stands in for.
function keep_tables(   i, n, p) {
  for (i = 1; i <= SETS; i++) {
    p = SET[i]
    if ((p in KEEP) && (p in KIND) && KIND[p] ~ /^(object|table|implicit|dotted)$/) delete SETTYPE[p]
    else SET[++n] = p
  }
  SETS = n + 0
}

# What is of another kind, or a key that is not to be there: the first in the file, or "".
function odd_one(   p, q, k, w, i, n) {
  ODD = ""
  for (q in ONLY) for (p in KIND) if (up(p) == q && !index(ONLY[q], " " name_of(p) " ")) odd_at((p in WHERE) ? p : q, "an unknown key below " q)
  for (p in FORM) if ((p in KIND) && misformed(p)) odd_at(p, "is not of a form that its reader knows: " p)
  for (p in KINDS) if (p in KIND) {
    k = KIND[p]; w = KINDS[p]
    if (w == "texts" ? k == "array" : w == "strings" && k !~ /^(string|int|float|bool|date|null|array|tables)$/) {
      for (q in KIND) if (q != "" && up(q) == p && KIND[q] !~ /^(string|date)$/) odd_at(p, "must hold strings only: " p)
      continue
    }
    if (w == k || w == "any") continue
    k = k ~ /^(int|float)$/ ? "number" : k == "bool" ? "boolean" : k ~ /^(array|tables)$/ ? "list" : k ~ /^(table|implicit|dotted)$/ ? "object" : k
    if (w ~ /[|]/ && has_word(w, "|", k == "string" ? substr(content(p), 8) : "{" k "}")) continue
    q = "/" reference(substr(content(p), 8))
    if (match(w, /[{]\/[^}]*/) && ((substr(w, RSTART + 1, RLENGTH - 1) q) in KIND)) continue
    if (w == "positive" && content(p) ~ /^string\t[1-9][0-9]*$/) continue
    if (w == "small" && content(p) ~ /^(int|float)\t[0-5]?[0-9]?[0-9]?[0-9]?[0-9]([.][0-9]+)?$/) continue
    if (k == "number" && ((w == "whole" && content(p) ~ /^int\t[+]?[0-9]/) || (w == "count" && content(p) ~ /^int\t[1-9]/))) continue
    if (w ~ /^[&^]/ && k == "object") {
      n = i = split(w, WORD, substr(w, 1, 1))
      for (n = w ~ /^&/ ? 2 - n : 0; i > 1; i--) n += (p "/" WORD[i]) in KIND
      if (n == 1) continue
    }
    if (k != w) odd_at(p, "must be of type " w ": " p)
  }
  return ODD
}

# Rows for what the file has where a row has a star; with lines inside, since nothing of that is edited. Reads the file again where there are any.
function unstar(   p, q, i, s, n) {
  do {
    n = 0
    for (p in STAR) {
      i = index(p, "*") - 1; s = p
      gsub(/[*]/, "[^/]+", s)
      for (q in KIND) if (substr(q, 1, i) == substr(p, 1, i) && !(q in KINDS) && q ~ ("^" s "$")) {
        KINDS[q] = STAR[p]; n++
        if (!(q in WANT)) WANT[q] = 2
      }
    }
    if (n && parse(0, mode == "set")) LISTED_EVENTS = EVENTS
  } while (n && WHY == "")
  return WHY == ""
}

function want_form(p, variants,   v, k, i, j) {
  for (i = split(variants, v, " "); i; i--) {
    j = index(v[i], ":")
    for (k = split(substr(v[i], j + 1), KEY, ","); k; k--) { sub(/=.*/, "", KEY[k]); wanted(p "/" substr(v[i], 1, j - 1) "/" KEY[k]) }
  }
}

function misformed(p,   q, n, name, v, i, k, at) {
  if (KIND[p] == "string") return !has_word(WORDS[p], " ", substr(content(p), 8))
  n = 0
  for (q in KIND) if (q != "" && up(q) == p) { n++; name = name_of(q) }
  if (n != 1) return 1
  for (i = split(FORM[p], v, " "); i; i--) if (substr(v[i], 1, length(name) + 1) == name ":") {
    for (k = split(substr(v[i], length(name) + 2), KEY, ","); k; k--) {
      at = index(KEY[k], "=")
      q = p "/" name "/" (at ? substr(KEY[k], 1, at - 1) : KEY[k])
      if (!(q in KIND) || (at && !has_word(substr(KEY[k], at + 1), "|", substr(content(q), 8)))) return 1
    }
    return 0
  }
  return 1
}

function has_word(list, between, word,   i) {
  for (i = split(list, WORD, between); i && WORD[i] != word; i--) ;
  return i
}

# Of two at one place the first by its words.
function odd_at(p, why,   at) {
  at = WHERE[p] + 0
  if (ODD == "" || at < ODD_AT || (at == ODD_AT && why < ODD)) { ODD = why; ODD_AT = at }
}

function odd() { return refuse(3, FILE ":" place(ODD_AT) ": " ODD) }

# The last part of a pointer, as plain text.
function name_of(p) {
  sub(/^.*\//, "", p); gsub(/~1/, "/", p); gsub(/~0/, "~", p)
  return p
}

function target(p) { return SETTYPE[p] "\t" SETVALUE[p] }

# Whether a drop of the plan removes what is at this pointer.
function doomed(p,   i, q, kind, container) {
  kind = (p in KIND) ? KIND[p] : ""
  container = kind ~ /^(object|table|implicit|dotted)$/
  for (i = 1; i <= DROPS; i++) if (p == DROP[i] || below(p, DROP[i])) {
    for (q = p; q == DROP[i] || below(q, DROP[i]); q = up(q)) if (!(q in NEED)) return 1
    return (p in SETTYPE) ? kind ~ /^(object|array|table|tables)$/ : !container
  }
  return 0
}

function below(p, top) { return p != top && substr(p, 1, length(top) + 1) == top "/" }

function is_pointer(p) { return (p == "" || p ~ /^\//) && p !~ /~([^01]|$)/ }

# ---------------------------------------------------------------------------------------------------------------
# Mode get. Plan: "get POINTER". Prints POINTER, type and value, with tabs between; in the value tab, line end and backslash are escaped.

function read_questions(   i, f, n) {
  for (i = 1; i <= PLANNED; i++) {
    if (PLAN[i] == "") continue
    n = split(PLAN[i], f, "\t")
    if (n < 2 || f[1] != "get" || !is_pointer(f[2] "")) return 0
    ASK[++ASKED] = f[2] ""
    wanted(ASK[ASKED])
  }
  return 1
}

function answer(   i, c) {
  for (i = 1; i <= ASKED; i++) {
    c = content(ASK[i])
    if (c == "") c = "absent\t"
    sub(/^(table|implicit|dotted)\t/, "object\t", c); sub(/^tables\t/, "array\t", c)
    print ASK[i] "\t" substr(c, 1, index(c, "\t")) one_line(substr(c, index(c, "\t") + 1))
  }
  return 0
}

# ---------------------------------------------------------------------------------------------------------------
# Edits: at a byte, remove so many bytes and insert a text. apply() makes the next generation from them.

function edit(at, out, text) { EDITS++; eAt[EDITS] = at; eOut[EDITS] = out; eText[EDITS] = text; eAnchor[EDITS] = "" }

function sort_edits(   i, j) {
  for (i = 1; i <= EDITS; i++) {
    for (j = i - 1; j && eAt[ORDER[j]] > eAt[i]; j--) ORDER[j + 1] = ORDER[j]
    ORDER[j + 1] = i
  }
}

function apply(   i, e, at) {
  sort_edits()
  PIECES[G + 1] = 0; LEN[G + 1] = 0; BUFFER = ""; at = 1
  for (i = 1; i <= EDITS; i++) {
    e = ORDER[i]
    if (eAt[e] < at) WHY = "edits overlap"
    copy(at, eAt[e] - 1)
    put(eText[e])
    at = eAt[e] + eOut[e]
  }
  copy(at, LEN[G])
  if (BUFFER != "") X[G + 1, ++PIECES[G + 1]] = BUFFER
  EDITS = 0
}

function copy(a, b,   end) {
  for (; a <= b; a = end + 1) {
    end = SIZE * (int((a - 1) / SIZE) + 1)
    if (end > b) end = b
    put(slice(a, end))
  }
}

function put(text) {
  LEN[G + 1] += length(text)
  for (BUFFER = BUFFER text; length(BUFFER) >= SIZE; BUFFER = substr(BUFFER, SIZE + 1)) X[G + 1, ++PIECES[G + 1]] = substr(BUFFER, 1, SIZE)
}

# ---------------------------------------------------------------------------------------------------------------
# Places in the text around an edit.

# Where the blanks begin that end just before a byte, and where those end that begin at it.
function blank_start(at,   s) { s = slice(at - 400, at - 1); match(s, /[ \t]*$/); return at - RLENGTH }
function blank_end(at) { match(slice(at, at + 400), /^[ \t]*/); return at + RLENGTH }

# The length of the line end just before a byte, or at it.
function break_before(at,   s) { s = slice(at < 3 ? 1 : at - 2, at - 1); return s ~ /\r\n$/ ? 2 : (s ~ /[\r\n]$/) }
function break_at(at,   s) { s = slice(at, at + 1); return s == "\r\n" ? 2 : (s ~ /^[\r\n]/) }

# ---------------------------------------------------------------------------------------------------------------
# Records: what the undo needs.

# Reads a record into verb rVerb, pointer rPath, checksum rSum and three texts.
function read_record(line,   f, i, n) {
  n = split(line, f, "\t")
  if (n < 6) return
  R++
  rVerb[R] = f[1]; rPath[R] = unescape(f[2]); rSum[R] = f[3]; rA[R] = unescape(f[4]); rB[R] = unescape(f[5]); rC[R] = unescape(f[6])
  if (f[1] != "cut") OURS[rPath[R]] = R
}

# A checksum that tells whether a value is still the one that was set; too short to give the value away.
function sum(s,   i, n, h) {
  n = length(s)
  for (i = h = 1; i <= n; i++) h = (h * 1000003 + ORD[substr(s, i, 1)]) % 2147483647
  return h ""
}

function sum_of(p, text) { return sum(p "\t" text) }

# Whether this content is what the last set wrote, or the one before.
function mine(p, text) { return (p in OURS) && rVerb[OURS[p]] != "box" && index("," rSum[OURS[p]] ",", "," sum_of(p, text) ",") }

# ---------------------------------------------------------------------------------------------------------------
# Removing members, for both set and undo.

function take_out(m, i,   from, to, k, n, comma) {
  from = mKey[m] - length(rA[i]); to = mEnd[m] + length(rB[i])
  if (slice(from, mKey[m] - 1) != rA[i]) from = 0
  if (slice(mEnd[m] + 1, to) != rB[i]) to = mEnd[m]
  if (mHost[m] == "#top") from = mKey[m]
  else if (substr(mHost[m], 1, 1) == "#") {
    if (!from) from = blank_start(mKey[m])
    if (to == mEnd[m] && break_before(from) && (n = break_at(blank_end(to + 1)))) to = blank_end(to + 1) + n - 1
  } else {
    # Of the commas around it the one behind goes if something stays behind, else the one before.
    comma = mComma[m]
    if (!stays(m, mNext) && stays(m, mPrev)) comma = mComma[mPrev[m]]
    if (!from) {
      # Laid out anew since: it goes with its own line, or with the blanks behind it.
      k = blank_end((mComma[m] ? mComma[m] : mEnd[m]) + 1)
      from = blank_start(mKey[m])
      from = break_at(k) || k == CLOSE[mHost[m]] ? from - break_before(from) : mKey[m]
    }
    if (comma == to + 1) to++
    else if (comma) edit(comma, 1, "")
  }
  if (from < FREE) from = FREE
  FREE = to + 1
  edit(from, to - from + 1, "")
}

# The nearest member on one side that is not removed.
function stays(m, side) {
  do m = side[m]; while (m && (m in GONE))
  return m
}

function verified(g) { return parse(g, 2) && !DIFFERENT && EVENTS == LISTED_EVENTS }

# ---------------------------------------------------------------------------------------------------------------
# Mode set. Plan: see above. Prints the new file. Variables: undo, a file for the record, which may hold values of the file as it was
# but none from the plan; before, the record of the last set, if there was one: then the new record leads back to the first original.

function read_settings(   line, i, n) {
  if (!read_rows()) return 0
  RS = "\n"
  if (before != "") { while ((getline line < before) > 0) BEFORE[++BEFORES] = line; close(before) }
  for (i = 1; i <= BEFORES; i++) read_record(BEFORE[i])
  for (i = 1; i <= R; i++) for (n = 1; n <= DROPS; n++) if (rVerb[i] != "cut" && (rPath[i] == DROP[n] || below(rPath[i], DROP[n]))) wanted(rPath[i])
  return 1
}

function set_all(   m) {
  if (!unstar()) return refuse(3, FILE ":" WHY)
  if (odd_one() != "") return odd()
  keep_tables()
  accept_joined()
  join_values()
  retire()
  if (EDITS) { apply(); if (!parse(G + 1, 0)) return refuse(4, FILE ": nothing valid is left") }
  cut_foreign()
  if (EDITS) { apply(); if (!parse(G + 1, 0)) return refuse(4, FILE ": nothing valid is left") }
  set_values()
  if (WHY != "") return refuse(3, FILE ":" WHY)
  if (EDITS) { apply(); G++ }
  if (!G) return 1
  if (!verified(G)) return refuse(4, FILE ": the result did not stand the check")
  for (m = 1; m <= SETS; m++) if (content(SET[m]) != target(SET[m])) return refuse(4, FILE ": a value is not in the result")
  for (m = 1; m <= M; m++) if (doomed(mPath[m])) return refuse(4, FILE ": a dropped key is in the result")
  carry_records()
  return save_record()
}

# Puts the owner'\''s value before ours. Where ours has changed, the owner'\''s is in the record; where the owner wrote behind ours, it is what
# is left without ours.
function join_values(   i, p, v) {
  for (i = 1; i <= SETS; i++) {
    p = SET[i]; v = content(p)
    if (!(p in JOIN) || v !~ /^string\t/ || v == target(p)) continue
    if (!mine(p, v)) {
      v = without(substr(v, 8), SETVALUE[p])
      if (("string\t" v) != content(p)) OWNERS[p] = v
    }
    else v = rVerb[OURS[p]] == "was" && rA[OURS[p]] ~ /^["\047]/ ? plain(rA[OURS[p]]) : ""
    if (v != "") SETVALUE[p] = v "," SETVALUE[p]
  }
}

# A list without one of its parts.
function without(list, ours,   i) {
  list = "," list ","
  while ((i = index(list, "," ours ",")) > 0) list = substr(list, 1, i) substr(list, i + length(ours) + 2)
  return substr(list, 2, length(list) - 2)
}

# Records of the last set that this one did not replace stay valid.
function carry_records(   i) {
  for (i = 1; i <= R; i++) {
    if (((rVerb[i] == "cut" ? "cut" : "") rPath[i]) in NEW) continue
    if (rVerb[i] != "box" || (rPath[i] in KIND)) record(rVerb[i], rPath[i], rSum[i], rA[i], rB[i], rC[i])
  }
}

function record(verb, p, check, a, b, c) { RECORDS++; RECORD[RECORDS] = verb "\t" one_line(p) "\t" check "\t" one_line(a) "\t" one_line(b) "\t" one_line(c) }

function save_record(   i) {
  if (undo == "") return 0
  print "crossfade-undo\t1\t" format > undo
  for (i = 1; i <= RECORDS; i++) print RECORD[i] > undo
  # Without a status the caller takes this for a full disk.
  if (close(undo)) { status = ""; return 4 }
  return 0
}

# ---------------------------------------------------------------------------------------------------------------
# First pass: what drop names and the plan does not set is cut out.

# What the last set wrote and this one drops is not foreign: it is removed, or becomes what it was, before anything is cut and recorded.
# Its record stays: a run can be killed before the file is replaced.
function retire(   i, m, p) {
  split("", GONE); FREE = 0
  for (i = 1; i <= R; i++) {
    p = rPath[i]
    if (rVerb[i] !~ /^(put|was)$/ || !(p in MEMBER) || !doomed(p) || !mine(p, content(p))) continue
    m = MEMBER[p]
    if (rVerb[i] == "was") edit(mVal[m], mEnd[m] - mVal[m] + 1, rA[i])
    else GONE[m] = i
  }
  for (m = 1; m <= M; m++) if (m in GONE) take_out(m, GONE[m])
}

function cut_foreign(   m, from, to, k, end, anchor) {
  end = 0
  split("", GONE); split("", HELD)
  for (m = 1; m <= M; m++) {
    if (mKey[m] <= end || !doomed(mPath[m])) continue
    GONE[m] = 1
    if (substr(mHost[m], 1, 1) == "#") {
      # A statement or a header goes with its line; its place is told from what stands above it.
      anchor = mAbove[m]; k = mAboveEnd[m]
      if (anchor in HELD) { k = HELD_END[anchor]; anchor = HELD[anchor] }
      HELD[mId[m]] = anchor; HELD_END[mId[m]] = k
      from = blank_start(mKey[m]); to = mLine[m] - 1
      cut(from, to, mPath[m], anchor, k)
    } else {
      for (k = mPrev[m]; k && (k in GONE); k = mPrev[k]) ;
      anchor = k ? mId[k] : mHost[m] "{"
      from = blank_start(mKey[m]); to = mComma[m] ? mComma[m] : mEnd[m]
      # A member with lines of its own goes with them, any other with the blanks on one side.
      if (break_before(from) && break_at(blank_end(to + 1))) { to = blank_end(to + 1); to += break_at(to) - 1 }
      else if (mComma[m]) { from = mKey[m]; to = blank_end(to + 1) - 1 }
      if (from <= end) from = end + 1
      if (!mComma[m] && k && mComma[k]) cut(mComma[k], mComma[k], mPath[m], anchor, mEnd[k] + 1)
      cut(from, to, mPath[m], anchor, k ? mEnd[k] + 1 : OPEN[mHost[m]] + 1)
    }
    end = to
  }
  sort_edits()
  record_cuts()
}

function cut(from, to, p, anchor, end) {
  edit(from, to - from + 1, "")
  eAnchor[EDITS] = anchor; eEnd[EDITS] = end; ePath[EDITS] = p; NEW["cut" p] = 1
}

# The place of a cut is its anchor and the text between the two, without other cuts.
function record_cuts(   i, e, at, gap, anchor) {
  anchor = ""
  for (i = 1; i <= EDITS; i++) {
    e = ORDER[i]
    if (eAnchor[e] != anchor) { anchor = eAnchor[e]; at = eEnd[e]; gap = "" }
    gap = gap slice(at, eAt[e] - 1)
    at = eAt[e] + eOut[e]
    record("cut", ePath[e], sum(gap), anchor, length(gap), slice(eAt[e], at - 1))
  }
}

# ---------------------------------------------------------------------------------------------------------------
# Second pass: values are replaced where they are, or put in.

function set_values(   i, p, q, old) {
  find_style()
  split("", DONE); MISSING = 0
  for (i = 1; i <= SETS; i++) {
    p = SET[i]
    for (q = up(p); ; q = up(q)) {
      if ((q in KIND) && KIND[q] !~ /^(object|table|implicit|dotted)$/) return fail(WHERE[q], "not a table: " q)
      if (q == "") break
    }
    if (!(p in KIND)) { MISS[++MISSING] = p; continue }
    if (!(p in MEMBER) || KIND[p] ~ /^(object|array|table)/) return fail(WHERE[p], "not a single value: " p)
    old = content(p)
    if (old == target(p)) continue
    edit(mVal[MEMBER[p]], mEnd[MEMBER[p]] - mVal[MEMBER[p]] + 1, literal(p))
    NEW[p] = 1
    if (!mine(p, old)) record("was", p, sum_of(p, target(p)), (p in OWNERS) ? quote(OWNERS[p]) : slice(mVal[MEMBER[p]], mEnd[MEMBER[p]]), "", "")
    # With the sum of what it replaces, too: the record is written before the file, and a run can be killed between the two.
    else { q = OURS[p]; record(rVerb[q], p, sum_of(p, target(p)) "," sum_of(p, old), rA[q], rB[q], rC[q]) }
  }
  if (MISSING) { if (format == "toml") insert_toml(); else insert_json() }
}

function literal(p) { return SETTYPE[p] == "string" ? quote(SETVALUE[p]) : SETVALUE[p] }

# Puts in a member of a container that has braces: records it and returns its text. gap is what goes before each key.
function fresh(p, gap,   i, c, out, inner, text) {
  text = p == "" ? "" : written(name_of(p)) COLON
  if (p in SETTYPE) return text literal(p)
  inner = gap ~ /[\r\n]/ ? gap UNIT : COLON ~ / $/ ? " " : ""
  out = ""
  for (i = 1; i <= SETS; i++) {
    if (!below(SET[i], p) || ((c = step(SET[i], p)) in DONE)) continue
    DONE[c] = 1
    enter(c, inner, "")
    out = out (out == "" ? (inner ~ /[\r\n]/ || format == "toml" ? inner : "") : "," inner) fresh(c, inner)
  }
  return text "{" out (gap ~ /[\r\n]/ ? gap : format == "toml" ? " " : "") "}"
}

function enter(p, before, after) { NEW[p] = 1; record((p in SETTYPE) ? "put" : "box", p, (p in SETTYPE) ? sum_of(p, target(p)) : "", before, after, "") }

function written(name) { return format == "toml" && name ~ /^[A-Za-z0-9_-]+$/ ? name : quote(name) }

function quote(s,   out, c) {
  for (out = ""; match(s, /["\\\001-\037\177]/); s = substr(s, RSTART + 1)) {
    c = substr(s, RSTART, 1)
    out = out substr(s, 1, RSTART - 1) ((c in SHORT) ? SHORT[c] : sprintf("\\u%04X", ORD[c]))
  }
  return "\"" out s "\""
}

# The pointer just below top on the way to p.
function step(p, top) {
  p = substr(p, length(top) + 2)
  sub(/\/.*/, "", p)
  return top "/" p
}

function insert_json(   i) {
  if (!("" in KIND)) {
    enter("", "", LEN[G] ? "" : EOL)
    edit(1, 0, fresh("", EOL) (LEN[G] ? "" : EOL))
  } else for (i = 1; i <= MISSING; i++) if (!(MISS[i] in DONE)) add_members(nearest(MISS[i]))
}

# The deepest container on the way to p that exists.
function nearest(p) {
  do p = up(p); while (!(p in KIND))
  return p
}

# ---------------------------------------------------------------------------------------------------------------
# Mode set: where new keys go, and in which style.

# Line end, indentation and colon as the file has them.
function find_style(   i, m, s) {
  EOL = "\n"; UNIT = "  "; COLON = format == "toml" ? " = " : ": "
  for (i = 1; i <= PIECES[G]; i++) if (match(X[G, i], /[\r\n]/)) {
    i = (i - 1) * SIZE + RSTART
    EOL = slice(i, i + break_at(i) - 1)
    break
  }
  if (EOL == "\r" && COMMENTS) EOL = "\n"
  if (!(m = FIRST[""])) return
  COLON = colon(m)
  s = slice(blank_start(mKey[m]), mKey[m] - 1)
  if (s != "" && break_before(mKey[m] - length(s))) UNIT = s
}

function colon(m,   s) {
  s = slice(mName[m] + 1, mVal[m] - 1)
  if (format == "toml") return s == "=" ? s : " = "
  return s ~ /^ ?: ?$/ ? s : ": "
}

# The blanks at the start of the line that holds a byte.
function indent_at(at,   a, s) {
  for (a = at; a > 1 && at - a < 4096; a--) if (slice(a - 1, a - 1) ~ /[\r\n]/) break
  s = slice(a, at - 1)
  match(s, /^[ \t]*/)
  return substr(s, 1, RLENGTH)
}

# The end of the comments that follow on the line; with lines, of all that follow. Sets RUNS_ON if the last one ends with its line.
function after_comments(at, lines,   end) {
  RUNS_ON = 0; end = at
  if (format != "jsonc") return end
  for (seek(at); ; ) {
    if (match(W, lines ? "^[ \t\r\n]+" : "^[ \t]+")) eat(RLENGTH)
    else if (W ~ /^\/[\/*]/) { RUNS_ON = W ~ /^\/\//; comment(); end = AT }
    else return end
  }
}

# Puts everything that is missing in the container a behind its last member.
function add_members(a,   m, at, gap, tail, lead, i, n, c, text, multi) {
  m = LAST[a]; tail = ""
  if (m) {
    COLON = colon(m)
    lead = slice((mPrev[m] ? mComma[mPrev[m]] : OPEN[a]) + 1, mKey[m] - 1)
    at = after_comments(mEnd[m] + 1, 0)
    if (RUNS_ON || lead ~ /[\r\n]/) gap = EOL indent_at(mKey[m])
    else gap = mPrev[m] && lead ~ /^[ \t]*$/ ? lead : format == "toml" || COLON ~ / $/ ? " " : ""
    edit(mEnd[m] + 1, 0, ",")
  } else {
    at = after_comments(OPEN[a] + 1, 1)
    lead = slice(OPEN[a] + 1, CLOSE[a] - 1)
    multi = format != "toml" && (a == "" || RUNS_ON || lead ~ /[\r\n]/ || break_before(blank_start(mKey[MEMBER[a]])))
    gap = multi ? EOL indent_at(OPEN[a]) UNIT : lead ~ /^[ \t]+$/ ? lead : format == "toml" ? " " : ""
    lead = slice(at, CLOSE[a] - 1)
    if (multi) tail = lead ~ /[\r\n]/ ? "" : EOL indent_at(OPEN[a])
    else tail = format == "toml" && lead == "" ? " " : ""
  }
  text = ""; n = 0
  for (i = 1; i <= MISSING; i++) if (host_of(MISS[i]) == a) {
    c = nearest(MISS[i]) == a ? step(MISS[i], a) : MISS[i]
    if (c in DONE) continue
    DONE[c] = 1
    CS[++n] = c
  }
  # The inner calls of fresh() write their records between, so the order of a container stays that of the text.
  for (i = 1; i <= n; i++) {
    c = CS[i]
    enter(c, gap, i == n ? tail : "")
    text = text (i > 1 ? "," : "") gap (up(c) == a ? fresh(c, gap) : dotted(c, a) COLON literal(c))
  }
  edit(at, 0, text tail)
}

# Where a missing pointer goes: a container with braces, a section ("#2"), or a section to be made ("+/a/b").
function host_of(p,   a) {
  a = nearest(p)
  if (KIND[a] == "object") return a
  if (KIND[a] == "dotted") return HOST[a]
  if (KIND[a] == "table" && a == up(p)) return INSIDE[a]
  return "+" up(p)
}

function dotted(p, top,   out) {
  for (out = ""; p != top; p = up(p)) out = written(name_of(p)) (out == "" ? "" : ".") out
  return out
}

function insert_toml(   i, h, last) {
  for (i = 1; i <= MISSING; i++) {
    h = host_of(MISS[i])
    if (h ~ /^#/) add_line(MISS[i], h)
    else if (h ~ /^\// && !(MISS[i] in DONE)) add_members(h)
  }
  last = ""
  for (i = 1; i <= MISSING; i++) if ((h = host_of(MISS[i])) ~ /^[+]/ && !(h in DONE)) { last = add_section(h, last); DONE[h] = 1 }
}

function unfinished() { return LEN[G] && slice(LEN[G], LEN[G]) != "\n" }

# A statement below the last one of its section, with the same indentation.
function add_line(p, s,   m, at, before, after) {
  m = (s in LAST) ? LAST[s] : s == "#0" ? 0 : MEMBER[BASE[s]]
  at = m ? mLine[m] : SECTIONS ? 1 : LEN[G] + 1
  before = m ? slice(blank_start(mKey[m]), mKey[m] - 1) : ""
  after = EOL
  if (at > LEN[G] && unfinished()) { before = EOL before; after = "" }
  COLON = (s in LAST) ? colon(LAST[s]) : " = "
  enter(p, before, after)
  edit(at, 0, before dotted(p, BASE[s]) COLON literal(p) after)
}

# A new section at the end of the file.
function add_section(h, follows,   i, p, lead, end) {
  p = substr(h, 2)
  end = unfinished() ? "" : EOL
  lead = EOL
  if (end == "") lead = EOL EOL
  else if (!follows && (LEN[G] == 0 || slice(LEN[G] - 2, LEN[G]) ~ /\n\r?\n$/)) lead = ""
  enter(p, lead, end)
  lead = lead "[" dotted(p, "") "]" end
  for (i = 1; i <= MISSING; i++) if (up(MISS[i]) == p) {
    enter(MISS[i], end == "" ? EOL : "", end)
    lead = lead (end == "" ? EOL : "") written(name_of(MISS[i])) " = " literal(MISS[i]) end
  }
  edit(LEN[G] + 1, 0, lead)
  return 1
}

# ---------------------------------------------------------------------------------------------------------------
# Mode undo. Plan: the record that set wrote. Takes back what is still as set wrote it, and prints the file.
# stderr: "kept POINTER" for what was changed since, "lost POINTER" for a dropped key whose place no longer exists.

function read_records(   i) {
  for (i = 1; i <= PLANNED; i++) if (PLAN[i] !~ /^crossfade-undo\t/) read_record(PLAN[i])
  for (i = 1; i <= R; i++) {
    wanted(rPath[i])
    if (rVerb[i] != "box") SILENT[rPath[i]] = 1
    if (rVerb[i] == "cut") ANCHOR[rA[i]] = 0
  }
  return 1
}

function undo_all(   i, g) {
  take_back()
  if (EDITS) { apply(); if (!parse(G + 1, 0)) return refuse(4, FILE ": nothing valid is left") }
  else parse(0, 0)
  g = G
  put_back()
  if (EDITS) {
    apply()
    if (verified(g + 1)) return 0
    # What was dropped no longer fits; the rest of the undo does.
    WHY = ""; DIFFERENT = 0
    for (i = 1; i <= R; i++) if (rVerb[i] == "cut") lose(rPath[i])
  }
  if (!verified(g)) return refuse(4, FILE ": the result did not stand the check")
  return g ? 0 : 1
}

# ---------------------------------------------------------------------------------------------------------------
# First pass: our values are removed, or become what they were; containers that set made are removed when nothing else is in them.

function take_back(   i, m, p) {
  split("", GONE)
  for (i = 1; i <= R; i++) {
    p = rPath[i]
    if (rVerb[i] == "cut" || rVerb[i] == "box" || !(p in MEMBER)) continue
    m = MEMBER[p]
    if (!mine(p, content(p))) tell("kept " p)
    else if (rVerb[i] == "was") edit(mVal[m], mEnd[m] - mVal[m] + 1, rA[i])
    else GONE[m] = i
  }
  for (i = R; i; i--) if (rVerb[i] == "box" && (rPath[i] in MEMBER) && (rPath[i] in INSIDE) && hollow(rPath[i])) GONE[MEMBER[rPath[i]]] = i
  FREE = 0
  for (m = 1; m <= M; m++) if ((m in GONE) && mKey[m] >= FREE) take_out(m, GONE[m])
}

# Whether nothing but ours is in it. A comment in braces is not ours.
function hollow(p,   h, m, at, rest) {
  h = INSIDE[p]; rest = ""
  if (substr(h, 1, 1) != "#") at = OPEN[p] + 1
  for (m = FIRST[h]; m && m <= M; m++) if (mHost[m] == h) {
    if (!(m in GONE)) return 0
    if (at) { rest = rest slice(at, mKey[m] - 1); at = mEnd[m] + 1 }
  }
  if (at) rest = rest slice(at, CLOSE[p] - 1)
  return rest ~ /^[ \t\r\n,]*$/
}

# ---------------------------------------------------------------------------------------------------------------
# Second pass: what was cut goes back to its place; at each place everything or nothing.

function put_back(   i, m, p, n) {
  for (m = 1; m <= M; m++) if ((mId[m] in ANCHOR) && substr(mHost[m], 1, 1) != "#") ANCHOR[mId[m]] = mEnd[m] + 1
  for (p in OPEN) ANCHOR[p "{"] = OPEN[p] + 1
  ANCHOR["^"] = 1
  for (i = 1; i <= R; i++) if (rVerb[i] == "cut") {
    n = ANCHOR[rA[i]]
    if (!n || (rPath[i] in KIND) || sum(slice(n, n + rB[i] - 1)) != rSum[i]) ANCHOR[rA[i]] = 0
  }
  for (i = 1; i <= R; i++) if (rVerb[i] == "cut") {
    if (!ANCHOR[rA[i]]) lose(rPath[i])
    else edit(ANCHOR[rA[i]] + rB[i], 0, rC[i])
  }
}

function lose(p) { if (!(p in LOST)) { LOST[p] = 1; tell((p in KIND ? "kept " : "lost ") p) } }

# ---------------------------------------------------------------------------------------------------------------
# The whole. run() leaves the result in generation G, the record in RECORD, messages in MESSAGE, and returns the exit code.

function tell(s) { MESSAGE[++MESSAGES] = one_line(s) }

function refuse(code, s) { tell("edit: " s); return code }

function start(   i, c) {
  SIZE = 512; LOW = 300
  for (i = 1; i < 256; i++) ORD[sprintf("%c", i)] = i
  LETTER["b"] = "\b"; LETTER["f"] = "\f"; LETTER["n"] = "\n"; LETTER["r"] = "\r"; LETTER["t"] = "\t"
  LETTER["\""] = "\""; LETTER["\\"] = "\\"; LETTER["/"] = "/"
  for (c in LETTER) if (c != "/") SHORT[LETTER[c]] = "\\" c
  HOUR = "([01][0-9]|2[0-3])"; TIME = HOUR ":[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?"
  DATE = "[0-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
  split("", WANT); split("", SILENT); split("", NEED); split("", SETTYPE); split("", ANCHOR); split("", KEEP); split("", JOIN); split("", OWNERS); split("", KINDS); split("", STAR); split("", ONLY); split("", FORM)
  split("", OURS); split("", NEW); split("", LOST); split("", E)
  SETS = DROPS = R = RECORDS = MESSAGES = EDITS = ASKED = DIFFERENT = 0; WHY = ""
}

function run() {
  wanted("")
  if (!read_plan()) return refuse(2, "the plan is not understood")
  if (!parse(0, mode == "set" || mode == "undo")) return refuse(3, FILE ":" WHY)
  LISTED_EVENTS = EVENTS
  return work()
}

function knows_mode() { return mode ~ /^(get|set|undo)$/ }

function read_plan() {
  if (mode == "get") return read_questions()
  if (mode == "set") return read_settings()
  if (mode == "undo") return read_records()
}

function work() {
  if (mode == "get") return answer()
  if (mode == "set") return set_all()
  if (mode == "undo") return undo_all()
}

# ---------------------------------------------------------------------------------------------------------------
# Entry. The plan comes from stdin; the file is read in END, so that it may have any name.

BEGIN { FILE = ARGV[2]; ARGV[2] = ""; start() }

{ PLAN[++PLANNED] = $0 }

END { exit main() }

function main(   i, code) {
  if (ARGC != 3 || format !~ /^(jsonc?|toml)$/ || !knows_mode()) code = refuse(2, "wrong use")
  else if (length("\303\251") != 2) code = refuse(2, "run with LC_ALL=C")
  else if (!load()) code = refuse(3, FILE ":1:1: " WHY)
  else code = run()
  for (i = 1; i <= MESSAGES; i++) print MESSAGE[i] | "cat 1>&2"
  if (code == 0 && (mode == "set" || mode == "undo")) printf "%s", MARK
  if (code == 0 && (mode == "set" || mode == "undo")) for (i = 1; i <= PIECES[G]; i++) printf "%s", X[G, i]
  if (status != "") {
    print code " " (code ? 0 : LEN[G] + length(MARK)) " " RECORDS + 1 > status
    close(status)
  }
  return code
}
'

# ---- Small programs that run as the owner of the files they touch; content comes on standard input ----

ALONE='# alone BYTES COMMAND...: the leader of a session; the command gets pipes to here, and the file answer at most so many bytes of it.
echo $$ >session
most=$1
shift
{
  cat | (cd / && exec "$@")
  echo $? >code
} | head -c "$most" >answer
mv code ended
'

LOOK='# look HOME: reads lines "CLI KIND PATTERN" and prints CLI=RELEASE for each release found, CLI=? for a CLI that is or was used but whose
# release is unknown, CLI=ours for an undo record of this script.
cd "$1" 2>/dev/null || exit 3
[ -r . ] && [ -x . ] || exit 3
while IFS=" " read -r cli kind pattern; do
  IFS=
  # Unquoted on purpose: patterns expand, and without IFS nothing is split.
  # shellcheck disable=SC2086
  set -- $pattern
  IFS=" "
  for path in "$@"; do
    release=
    case $kind in
      package)
        [ -f "$path" ] && [ -r "$path" ] || continue
        release=$(head -c 262144 "$path" | tr ",{" "\n\n" | sed -n "s/.*\"version\"[^\"]*:[^\"]*\"\([^\"]*\)\".*/\1/p" | sed 1q)
        ;;
      link)
        [ -L "$path" ] || continue
        release=$(readlink "$path") release=${release##*/}
        ;;
      folder)
        [ -d "$path" ] || continue
        release=${path##*/}
        ;;
      trace)
        [ -e "$path" ] || continue
        ;;
      ours)
        [ ! -e "$path" ] || printf "%s=ours " "$cli"
        continue
        ;;
    esac
    release=${release%%[!0-9.]*}
    case $release in
      *[0-9].*[0-9].*[0-9]) ;;
      *[0-9].*[0-9]) release=$release.0 ;;
      *) release="?" ;;
    esac
    printf "%s=%s " "$cli" "$release"
  done
done
'

READ='# read FILE LIMIT: state is ok, absent or why FILE cannot be used; folders is how many folders above it are missing; rights is its mode.
# A FILE that is not absolute would be below the working folder of this script: it is said to be below no folder.
file=$1 limit=$2 folders=0 state=ok rights=-
size_of() { echo $(($(head -c $((limit + 1)) "$1" | wc -c))); }
folder=${file%/*}
while [ -n "${folder##[!/]*}" ] && [ ! -e "$folder" ] && [ ! -L "$folder" ]; do
  folder=${folder%/*}
  folders=$((folders + 1))
done
if [ "${file#/}" = "$file" ] || { [ -n "$folder" ] && [ ! -d "$folder" ]; }; then state=folder
elif [ -L "${file%/*}" ]; then state=linked
elif [ -n "$folder" ] && [ ! -x "$folder" ]; then state=unreadable
elif [ -L "$file" ]; then state=link
elif [ ! -e "$file" ]; then state=absent
elif [ ! -f "$file" ]; then state=kind
elif [ ! -r "$file" ]; then state=unreadable
elif [ "$(size_of "$file")" -gt "$limit" ]; then state=large
else rights=$(ls -ld "$file" | cut -c1-10)
fi
# With yes as third argument temporary files of a run that was killed are removed.
for path in "$file".crossfade-new.?????? "$file".crossfade-undo.crossfade-new.??????; do
  if [ "$3" = yes ] && [ -f "$path" ]; then rm -f "$path"; fi
done
# Prints a line "STATE RECORD FOLDERS RIGHTS", where RECORD is the size of the undo record, then that record and the bytes of FILE.
record=0 undo=$file.crossfade-undo
if [ -f "$undo" ] && [ ! -L "$undo" ] && [ -r "$undo" ]; then record=$(size_of "$undo"); fi
if [ "$record" -gt "$limit" ]; then state=record; fi
printf "%s %s %s %s\n" "$state" "$record" "$folders" "$rights"
[ "$state" != record ] || exit 0
set --
if [ "$record" -gt 0 ]; then set -- "$undo"; fi
if [ "$state" = ok ]; then set -- "$@" "$file"; fi
[ $# -eq 0 ] || cat "$@"
'

BESIDE='# beside FOLDER ENDING PATTERN: prints the first file of FOLDER with that ending in its name and the pattern in its text.
for other in "$1"/*"$2"; do
  if [ -f "$other" ] && grep -Eq "$3" "$other"; then
    printf "%s\n" "$other"
    exit 0
  fi
done
exit 1
'

GLANCE='# glance FILE LIMIT: prints a line "STATE" and, if it is ok, the bytes of FILE. Links are followed, as the CLI does.
file=$1 limit=$2
if [ ! -e "$file" ]; then echo absent
elif [ ! -f "$file" ]; then echo kind
elif [ ! -r "$file" ]; then echo unreadable
elif [ "$(head -c $((limit + 1)) "$file" | wc -c)" -gt "$limit" ]; then echo large
else echo ok && cat "$file"
fi
'

REPLACE='# replace FILE MODE EXPECTED SUM TOOL: puts standard input in the place of FILE, whole or not at all. EXPECTED is the checksum of what is
# replaced, or absent, or any; SUM that of the new content; TOOL makes both. An existing file keeps owner, group and access list, and its
# mode unless MODE is 0600 or in letters; a new one gets MODE. Exit codes: 4 the file is not what is expected; 12 it cannot be written.
file=$1 mode=$2 expected=$3 sum=$4 tool=$5 locked=
umask 077
case $mode in ?[4567]?*) umask 022 ;; esac
mkdir -p "${file%/*}" 2>/dev/null || exit 12
umask 077
rm -f "$file".crossfade-new.??????
new=$(mktemp "$file.crossfade-new.XXXXXX" 2>/dev/null) || exit 12
give_up() {
  rm -f "$new"
  exit "$1"
}
trap "give_up 130" INT QUIT TERM HUP
if [ -e "$file" ]; then
  # A copy keeps everything but the content, on Linux with -a the security label, too; a flag that forbids changes is removed from the copy.
  cp -aL "$file" "$new" 2>/dev/null || give_up 12
  chflags nouchg "$new" 2>/dev/null || :
  [ "$mode" != 0600 ] || chmod go= "$new" || give_up 12
  [ -w "$new" ] || { chmod u+w "$new" 2>/dev/null && locked=yes; } || give_up 12
else
  chmod "$mode" "$new" || give_up 12
fi
cat >"$new" 2>/dev/null || give_up 12
[ "$("$tool" <"$new")" = "$sum" ] || give_up 12
[ -z "$locked" ] || chmod u-w "$new"
case $mode in u=*) chmod "$mode" "$new" || give_up 12 ;; esac
sync "$new" 2>/dev/null || sync
case $expected in
  any) ;;
  absent) if [ -e "$file" ] || [ -L "$file" ]; then give_up 4; fi ;;
  *)
    if [ -L "$file" ] || [ ! -f "$file" ]; then give_up 4; fi
    [ "$("$tool" <"$file")" = "$expected" ] || give_up 4
    ;;
esac
mv -f "$new" "$file" 2>/dev/null || give_up 12
sync "${file%/*}" 2>/dev/null || :
'

BACKUP='# backup FILE KEEP: standard input becomes FILE.crossfade-backup-<time>, unless the newest backup is the same; keeps the KEEP newest
# backups. Exit code 12: it cannot be written.
file=$1 keep=$2
umask 077
newest=
for path in "$file".crossfade-backup-????????-??????; do
  if [ -f "$path" ]; then newest=$path; fi
done
rm -f "$file".crossfade-new.??????
new=$(mktemp "$file.crossfade-new.XXXXXX" 2>/dev/null) || exit 12
cat >"$new" 2>/dev/null || {
  rm -f "$new"
  exit 12
}
if [ -n "$newest" ] && cmp -s "$new" "$newest"; then
  rm -f "$new"
  exit 0
fi
sync "$new" 2>/dev/null || sync
# With colons, because some MDM tools replace a word between two per cent signs.
time_name() { name=$file.crossfade-backup-$(date +%Y:%m:%d-%H:%M:%S | tr -d :); }
time_name
while [ -e "$name" ]; do
  sleep 1
  time_name
done
mv -f "$new" "$name" || exit 12
set -- "$file".crossfade-backup-????????-??????
while [ $# -gt "$keep" ]; do
  rm -f "$1"
  shift
done
'

REMOVE='# remove FILE EXPECTED FOLDERS TOOL: removes what this script left beside FILE. EXPECTED is the checksum FILE must have to be removed
# too, or keep. FOLDERS above it, which were made for it, are removed when they are empty. Exit codes: 4 the file is not what is
# expected; 12 it cannot be removed.
file=$1 expected=$2 folders=$3 tool=$4
folder=${file%/*}
[ -d "$folder" ] || exit 0
if [ "$expected" != keep ] && [ -e "$file" ]; then
  [ -f "$file" ] && [ ! -L "$file" ] && [ "$("$tool" <"$file")" = "$expected" ] || exit 4
  rm -f "$file" 2>/dev/null || exit 12
fi
rm -f "$file".crossfade-undo "$file".crossfade-new.?????? "$file".crossfade-backup-????????-?????? 2>/dev/null || exit 12
while [ "$folders" -gt 0 ] && rmdir "$folder" 2>/dev/null; do
  folder=${folder%/*}
  folders=$((folders - 1))
done
exit 0
'

ELSEWHERE='# elsewhere PID VARIABLE BELOW USUAL FOLDER: whether a process surely has another folder of settings: BELOW what the variable says, or
# USUAL in its home. Only Linux shows variables apart from what only looks like one.
pid=$1
# One that has ended reads nothing.
kill -0 "$pid" 2>/dev/null || exit 0
value() { tr "\000" "\n" <"/proc/$pid/environ" | sed -n "s/^$1=//p"; } 2>/dev/null
there=$(value "$2")
if [ -n "$there" ]; then there=$there$3; else there=$(value HOME)/$4; fi
case $there in /*) ;; *) exit 1 ;; esac
there=$(cd "$there" && pwd -P) && here=$(cd "$5" && pwd -P) && [ "$there" != "$here" ]
'

ENVIRON='# environ PID PATTERN: whether a process was started with a variable whose name is like that.
if [ -r "/proc/$1/environ" ]; then tr "\000" "\n" <"/proc/$1/environ"; else ps eww -o command= -p "$1" | tr " " "\n"; fi 2>/dev/null | grep -Eq "^($2)="
'

RESTART='# restart HOME PROGRAM ARGUMENTS...: runs a command as its user would, for at most 20 seconds. What it starts stays, and keeps nothing of
# ours open, nor a lock of whoever called us.
HOME=$1
export HOME
cd "$HOME" || exit 1
shift
"$@" </dev/null >/dev/null 2>&1 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&- &
child=$!
waited=0
while kill -0 "$child" 2>/dev/null && [ "$waited" -lt 20 ]; do
  sleep 1
  waited=$((waited + 1))
done
kill "$child" 2>/dev/null && exit 1
wait "$child"
'

# ---- Output ----

have() { command -v "$1" >/dev/null 2>&1; }

# Prints its argument without a line break, and without a program that would show it in the process list.
if [ "$(command -v printf)" = printf ]; then
  put() { printf %s "$1"; }
elif [ "$(command -v print)" = print ]; then
  put() { print -rn -- "$1"; }
else
  echo 'error: this shell has no built-in printf; run the script with dash, bash, zsh or busybox sh' >&2
  exit 13
fi

tab=$(printf '\t')

# Text from outside, without characters that control a terminal. A range, because tr of busybox has no class [:print:].
plain() { put "$1" | tr -c ' -~' '?'; }

# fail CODE REASON: one line for a person, the report line, and the end.
fail() {
  printf 'error: %s\n' "$2" >&2
  fingerprints=none
  finish error "$1"
}

# trouble CLI FILE REASON [CODE]: one file is left unchanged; the work goes on. Without a code it is refused until a person changes it.
trouble() {
  printf 'error: %s: %s\n' "$(plain "$2")" "$3" >&2
  if [ -z "${4-}" ]; then
    refused=yes
    set_state "$1" refused
    return
  fi
  set_state "$1" error
  if [ "$worst" -ne 12 ]; then worst=$4; fi
}

# set_state CLI STATE: of two states of a CLI the first in this list stays; what another install can change comes first.
states=
set_state() {
  rest=${states#* "$1="}
  for state in drift stale error refused old unknown ok absent; do
    case $state in
      "$2") states="${states%% "$1="*} $1=$2 ${rest#* }" ;;
      "${rest%% *}") ;;
      *) continue ;;
    esac
    return 0
  done
}

# some_cli STATE: whether any CLI has this state.
some_cli() { case $states in *"=$1 "*) return 0 ;; esac; return 1; }

# finish RESULT CODE: the report line, and the end.
fingerprints=none
finished=
finish() {
  finished=yes
  line="crossfade $1 fp=$fingerprints cfg=1 cli=$(put "$states" | sed 's/^ *//; s/ *$//; s/  */,/g; s/=/:/g') users=$users"
  if [ "$skipped" -gt 0 ]; then line="$line skipped=$skipped"; fi
  if [ -n "$late" ]; then line="$line late=$(put "$late" | cut -c1-60)"; fi
  print_report "$line"
  leave_trace "$1" || :
  code=0
  exit_code "$2" || code=$?
  exit "$code"
}

# say KIND CLI FILE TEXT: a line for a person; with the option records all four fields, for a program.
say() {
  case $SAYS in
    yes) printf '%s\n' "$4" ;;
    records) printf '%s\t%s\t%s\t%s\n' "$@" ;;
  esac
}

# The first 12 hex digits of SHA-256 over a token.
fingerprint() {
  if have sha256sum; then
    put "$1" | sha256sum
  elif have shasum; then
    put "$1" | shasum -a 256
  else
    put "$1" | openssl dgst -sha256 -r
  fi | cut -c1-12
}

# seen_token FINGERPRINT: one token seen is its fingerprint, several are mixed.
seen_token() {
  case $fingerprints in
    none | "$1") fingerprints=$1 ;;
    *) fingerprints=mixed ;;
  esac
}

# ---- Options ----

# wants FEATURE: whether it is on. FEATURES holds those that are, and for each that is off its name with no- in front.
wants() {
  case " $FEATURES " in *" $1 "*) return 0 ;; esac
  return 1
}

# toggle WORD: turns a feature on, or with no- in front off.
toggle() {
  other=no-${1#no-}
  if [ "$1" = "$other" ]; then other=${1#no-}; fi
  FEATURES=" $FEATURES "
  FEATURES="${FEATURES%% "$other" *} ${FEATURES#* "$other" }"
  wants "$1" || FEATURES="$FEATURES $1"
}

read_options() {
  set -f
  for word in $OPTIONS; do
    word=${word#--}
    case $word in
      # Only what this file has the parts for.
      install | report | uninstall | self-test) case " $ACTIONS " in *" $word "*) ACTION=$word ;; *) complaint="this file cannot $word, only: $ACTIONS" ;; esac ;;
      h | -h | help) wants_help=yes ;;
      dry-run) DRY_RUN=yes ;;
      scope=system | scope=user) SCOPE=${word#*=} ;;
      users=all | users=self) USERS=${word#*=} ;;
      clis=*) CLIS=$(put "${word#*=}" | tr ',' ' ') ;;
      endpoint=*) ENDPOINT=${word#*=} ;;
      expect=*) EXPECT=${word#*=} ;;
      host | no-host | helper | no-helper | prompts | no-prompts | responses | no-responses | tools | no-tools | restart | no-restart)
        toggle "$word"
        ;;
      # Not quoted: it could be a token.
      *) complaint="an option this script does not know; see the top of it, or run it with --help" ;;
    esac
  done
  set +f
}

check_options() {
  for cli in $CLIS; do
    case " $KNOWN_CLIS " in
      *" $cli "*) states="$states $cli=absent" ;;
      *) complaint="clis= has an unknown CLI; known: $KNOWN_CLIS" ;;
    esac
  done
  states="$states "
  [ -z "$complaint" ] || fail 2 "$complaint"
  [ -n "$CLIS" ] || fail 2 "clis= names nothing; leave it out for all of: $KNOWN_CLIS"
}

# Where telemetry goes: an https URL, or http to this machine.
check_endpoint() {
  place=${ENDPOINT#*://}
  while [ "${place%/}" != "$place" ]; do place=${place%/}; done
  case $ENDPOINT in
    '') fail 2 "no endpoint is given" ;;
    https://* | http://*) ENDPOINT=${ENDPOINT%%:*}://$place ;;
    *) fail 2 "the endpoint does not begin with https://" ;;
  esac
  case $place in
    *@*) fail 2 "the endpoint contains a user name; the token is given separately" ;;
    *[!]A-Za-z0-9._~:/%[-]*) fail 2 "the endpoint contains a character that is not allowed in a base URL" ;;
    */v1/logs | */v1/metrics | */v1/traces) fail 2 "the endpoint is for one signal only; remove its end from /v1 on" ;;
  esac
  authority=${place%%/*}
  label='[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?' octet='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
  port='(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[0-5]?[0-9]{1,4}))?'
  host="$label([.]$label)*[.]?"
  # What ends in a number is an address: https://url.spec.whatwg.org/#ends-in-a-number-checker
  if is_like "([^:]*[.])?([0-9]+|0x[0-9a-f]*)[.]?(:.*)?"; then host="$octet([.]$octet){3}"; fi
  is_like "(\\[[0-9a-f:.]+\\]|$host)$port" || fail 2 "the endpoint names no host and port that could exist"
  case $ENDPOINT in
    http://*) is_like "(localhost|\\[::1\\]|127([.][0-9]+){3})$port" || fail 2 "the endpoint is http to another machine: the token would cross the network in clear text" ;;
  esac
}

# is_like PATTERN: whether host and port of the endpoint match it.
is_like() { put "$authority" | grep -Eqi "^$1\$"; }

# ---- Token ----

# check_token TOKEN LONGEST: sets problem to what is said after "the token", or to nothing.
check_token() {
  problem=
  case $1 in
    '') problem="is empty; copy it again, alone and on one line" ;;
    [Bb][Ee][Aa][Rr][Ee][Rr][[:blank:]]*) problem="starts with the word Bearer; remove that word" ;;
    *[![:graph:]]*) problem="contains white space, a control character or a non-ASCII character; copy it again, alone and on one line" ;;
  esac
  [ -z "$problem" ] || return 0
  if [ ${#1} -lt 20 ]; then
    problem="is too short (${#1} characters); copy all of it"
  elif [ ${#1} -gt "$2" ]; then
    problem="is too long (${#1} characters), or was cut; copy it again, alone and on one line"
  fi
}

# Takes the token and checks it. A dry run does without, unless one is given.
get_token() {
  take_token
  case $token in
    '')
      [ -z "$DRY_RUN" ] || return 0
      fail 11 "no token: $TOKEN_HINT"
      ;;
    @*@ | *'{{'* | *'${'* | '<'*'>' | '$'*) fail 11 "the token is still a placeholder; put the real one there" ;;
  esac
  check_token "$token" "$LONGEST_TOKEN"
  [ -z "$problem" ] || fail 11 "the token $problem"
  case $token in
    *[!A-Za-z0-9._~-]*) fail 11 "the token contains a character that a CLI would change; it may have letters, digits, . _ ~ and -" ;;
  esac
  seen_token "$(fingerprint "$token")"
}

# ---- Machine: its system, people and CLIs ----

check_machine() {
  case $(uname -s) in
    Darwin) OS=macos ;;
    Linux) OS=linux ;;
    *) OS=other ;;
  esac
  case " $SYSTEMS " in *" $OS "*) ;; *) fail 13 "this script is for: $SYSTEMS" ;; esac
  for program in "$AWK" cmp mktemp readlink tr wc; do
    have "$program" || fail 13 "the program $program is not installed"
  done
  # Checksums that tell whether a file is still the same; some builds of busybox have no cksum.
  SUM='cksum'
  have cksum || SUM='sha256sum'
  have "$SUM" || fail 13 "neither cksum nor sha256sum is installed"
  have sha256sum || have shasum || have openssl || fail 13 "none of sha256sum, shasum and openssl is installed"
  self=$(id -u)
  if [ "$self" -ne 0 ]; then
    if [ "$SCOPE" = system ]; then fail 2 "scope=system needs root; run it with sudo, or with scope=user"; fi
    USERS=self
  fi
  become=
  for program in runuser sudo su; do
    if [ -z "$become" ] && have "$program"; then become=$program; fi
  done
  if [ "$self" -eq 0 ]; then
    [ -n "$become" ] || fail 13 "none of runuser, sudo and su is installed"
    has_perl=
    if perl -MPOSIX -e 1 2>/dev/null; then has_perl=yes; else have setsid || fail 13 "neither perl nor setsid is installed"; fi
  fi
}

# Where file systems are mounted and of which type they are, with a tab between.
mounts() {
  if [ -r /proc/self/mounts ] && [ "$OS" = linux ]; then
    "$AWK" '{ print $2 "\t" $3 }' /proc/self/mounts
  else
    mount | sed -n 's/^.* on \(.*\) (\([A-Za-z0-9._]*\).*$/\1	\2/p'
  fi
}

# Drops accounts whose home is on the network or missing, and says how many.
at_home() {
  { mounts; echo; cat; } | "$AWK" -F '\t' '
    $0 == "" { people = 1; next }
    !people { gsub(/\\040/, " ", $1); type[$1] = $2; next }
    $3 !~ /^\/./ || $2 ~ /^-/ { skipped++; next }
    {
      for (at = $3; at != "" && !(at in type); ) sub(/\/[^\/]*$/, "", at)
      if (at == "") at = "/"
      if (type[at] ~ /^(nfs.*|cifs|smb.*|afp.*|autofs|fuse\.sshfs|macfuse|webdav|davfs|ceph|glusterfs|lustre|ncpfs)$/) skipped++
      else print
    }
    END { print "skipped\t" skipped + 0 }'
}

# Writes people and what each has to the file people, a line each: UID, NAME, HOME, WORDS.
find_people() {
  # These variables are about the account that runs this.
  if [ "$USERS" = all ]; then forget_folders; fi
  if [ "$USERS" = self ]; then
    uid=$self name=$(id -un) home=${HOME-}
    case $home in /?*) ;; *) home=$(people | "$AWK" -F '\t' -v uid="$self" '$1 == uid { print $3 }') ;; esac
    # With sudo, HOME can be another's. What is in it is touched as them.
    owner=$(owner_of "$home/.")
    if [ "$self" -eq 0 ] && [ "${owner:-0}" -ne 0 ]; then
      uid=$owner
      name=$(id -un "$owner" 2>/dev/null) || fail 11 "HOME belongs to an account without a name ($owner)"
    fi
    printf '%s\t%s\t%s\n' "$uid" "$name" "$home" >found
  else
    people | sort -n >found
  fi
  at_home <found >accounts
  machine_signs | "$SH" -c "$LOOK" crossfade "$ROOT/" >answer
  machine=$(releases)
  user_signs | cat >signs
  if [ "$self" -eq 0 ]; then guard & fi
  while IFS=$tab read -r uid name home <&3; do
    if [ "$uid" = skipped ]; then
      skipped=$((skipped + name))
    elif run_as "$uid" "$name" "$LOOK" "$home" <signs; then
      users=$((users + 1))
      printf '%s\t%s\t%s\t%s\n' "$uid" "$name" "$home" "$machine$(releases)"
    else
      skipped=$((skipped + 1))
    fi
  done 3<accounts >people
}

# owner_of PATH: its owner's number.
owner_of() { ls -ldn "$1" 2>/dev/null | "$AWK" '{ print $3 }'; }

# releases: the words that the program LOOK printed; nothing else that an account may have had it print.
releases() {
  head -c 65536 answer | tr ' ' '\n' | grep -E '^[a-z-]+=(ours|[?]|[0-9]{1,9}([.][0-9]{1,9})+)$' | sort -u | tr '\n' ' '
}

# older A B: whether one release is before another.
older() {
  first=$1. second=$2.
  while [ -n "$first" ]; do
    if [ "${first%%.*}" -ne "${second%%.*}" ]; then
      [ "${first%%.*}" -lt "${second%%.*}" ]
      return
    fi
    first=${first#*.}
    second=${second#*.}
  done
  return 1
}

# release_of CLI WORDS...: sets release to the oldest of those found; ? if none is known; nothing if the CLI is not found.
release_of() {
  which=$1 release=
  shift
  for word in "$@"; do
    case $word in
      "$which=ours") ;;
      "$which=?") : "${release:=?}" ;;
      "$which="*) if [ -z "$release" ] || [ "$release" = "?" ] || older "${word#*=}" "$release"; then release=${word#*=}; fi ;;
    esac
  done
}

# Accounts of people as lines UID, NAME, HOME with tabs between; without service accounts and hidden ones.
people_macos() {
  {
    for key in UniqueID UserShell NFSHomeDirectory IsHidden; do
      printf '%s\n' "- $key"
      dscl . -list /Users "$key" 2>/dev/null || :
    done
  } | "$AWK" '
    $1 == "-" { key = $2; next }
    {
      name = $1
      value = $0
      sub(/^[^ \t]+[ \t]+/, "", value)
      fact[key, name] = value
      if (key == "UniqueID") order[++count] = name
    }
    END {
      for (i = 1; i <= count; i++) {
        name = order[i]
        if (fact["UniqueID", name] + 0 < 501 || name ~ /^_/) continue
        if (fact["IsHidden", name] ~ /^(1|YES|true)$/) continue
        if (fact["UserShell", name] ~ /\/(false|nologin)$/) continue
        print fact["UniqueID", name] "\t" name "\t" fact["NFSHomeDirectory", name]
      }
    }'
}

# What names this machine, as resource attributes. https://opentelemetry.io/docs/specs/semconv/resource/host/
identity() {
  if [ "$OS" = macos ]; then
    host=$(scutil --get LocalHostName 2>/dev/null) || host=$(uname -n)
    id=$(ioreg -rd1 -c IOPlatformExpertDevice 2>/dev/null | sed -n 's/.*"IOPlatformUUID" = "\([^"]*\)".*/\1/p')
  else
    host=$(uname -n)
    id=
    if [ -r "$ROOT/etc/machine-id" ]; then read -r id <"$ROOT/etc/machine-id" || :; fi
  fi
  put "host.name=$(put "$host" | tr -cd 'A-Za-z0-9._-')${id:+,host.id=$(put "$id" | tr -cd 'A-Za-z0-9._-')}"
}

# layers CLI WORDS...: which layers matter for whoever has this on the machine. Sets release, in_system, in_user.
layers() {
  in_system=no in_user=no
  release_of "$@"
  [ -n "$release" ] || return 0
  if [ "$SCOPE" = system ]; then
    system_file "$1"
    if [ "$release" = "?" ]; then
      in_system=yes in_user=yes
    elif older "$release" "$since"; then
      in_user=yes
    else
      in_system=yes
    fi
  else
    in_user=yes
  fi
  user_file "$1"
  if [ "$in_user" = yes ] && [ "$release" != "?" ] && older "$release" "$since"; then
    in_user=no
    set_state "$1" old
  fi
}

# has_record CLI: whether a user's words say that a file of theirs was edited before.
has_record() { case $words in *"$1=ours "*) return 0 ;; esac; return 1; }

# ---- Lock and working folder ----

# The number of a process is enough here.
is_held() { runs "$2"; }

# When the process with this id started; tells it from a later process with the same id.
started() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat <"/proc/$1/stat" || stat=
    # shellcheck disable=SC2086 # split into fields, after the name in brackets
    set -- ${stat##*\) }
    put "${20-}"
  else
    put "$(ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)"
  fi
}

# runs "PID START": whether the process that a lock names still runs.
runs() {
  set -- "${1%% *}" "${1#* }" "$(started "${1%% *}" 2>/dev/null)"
  if [ -n "$3" ]; then [ "$3" = "$2" ]; else kill -0 "$1" 2>/dev/null; fi
}

# take_lock LINK SECONDS: one run at a time. The lock is a symbolic link, which is made whole or not at all, and it names its owner; one
# whose owner no longer runs is removed. Sets lock. Returns 1 if after so many seconds the process $holder still has it, 2 if it cannot be
# made. What $table says of the place, with a blank before it, goes behind the number and start of the owner, for is_held.
take_lock() {
  me="$$ $(started $$)${table-}"
  waited=0
  unseen=0
  [ ! -d "$1" ] || return 2
  until ln -s "$me" "$1" 2>/dev/null; do
    if clear_lock "$1" || [ -z "$holder" ]; then
      # It was removed at this moment, or it cannot be made.
      unseen=$((unseen + 1))
      [ "$unseen" -lt 60 ] || return 2
    else
      [ "$waited" -lt "$2" ] || return 1
      waited=$((waited + 1))
      unseen=0
      sleep 1
    fi
  done
  # Left by those that were killed while they cleared.
  for left in "$1".clear*; do clear_lock "$left"; done || :
  lock=$1
}

# clear_lock LINK: removes a lock whose owner no longer runs. One process at a time, by a lock of its own, and after one more look: since the
# first the owner may have released it and another taken it. Returns 1 if the process $holder has it, or nobody.
clear_lock() {
  holder=$(readlink "$1") || holder=
  if [ -z "$holder" ] || is_held "$1" "$holder"; then return 1; fi
  if ln -s "$me" "$1.clear" 2>/dev/null; then
    [ "$(readlink "$1")" != "$holder" ] || rm -f "$1"
    rm -f "$1.clear"
  else
    clear_lock "$1.clear" || sleep 1
  fi
}

# Enters a private working folder, once no other run is at work. Runs of root and of an account have locks of their own: each file is compared
# right before it is replaced, and who comes second says that it changed.
enter() {
  if [ "$self" -eq 0 ]; then
    work=$ROOT/var/run/otel-crossfade
    [ -d "$ROOT/var/run" ] || (umask 022 && mkdir -p "$ROOT/var/run") 2>/dev/null || :
  else
    case ${HOME-} in /?*) work=$HOME/.otel-crossfade ;; *) fail 11 "HOME is not set" ;; esac
  fi
  result=0
  take_lock "$work.lock" "$PATIENCE" || result=$?
  case $result in
    0) ;;
    1) fail 11 "another run is at work (process $(plain "${holder%% *}"))" ;;
    *) fail 12 "no working folder can be made in $(plain "${work%/*}")" ;;
  esac
  rm -rf "$work"
  mkdir "$work" 2>/dev/null || fail 12 "no working folder can be made in $(plain "${work%/*}")"
  cd "$work" || fail 12 "the working folder cannot be entered"
}

# leave [CODE]: however the script ends, it prints a report line and leaves no file behind.
leave() {
  code=${1-$?}
  if [ -n "$lock" ]; then
    cd /
    rm -rf "$work"
    rm -f "$lock"
  fi
  if [ -z "$finished" ]; then
    if [ "$code" -eq 130 ]; then complaint=interrupted; else code=12 complaint="ended early, by a full disk or a bug"; fi
    fail "$code" "$complaint"
  fi
}

# Not left to the trap on exit: mksh would end with 0.
stopped() {
  trap - EXIT
  leave 130
  exit 130
}

# ---- Files ----

# apart COMMAND...: runs it in a session of its own, without our terminal and descriptors above 2.
apart() {
  if [ -n "$has_perl" ]; then
    perl -MPOSIX -e 'setsid; opendir D, "/dev/fd"; POSIX::close($_) for grep { $_ > 2 } readdir D; exec @ARGV' "$@"
  else
    # A shell that cannot close a descriptor of two digits ends here.
    setsid "$SH" -c 'for fd in /dev/fd/*; do case ${fd##*/} in [012]) ;; *) eval "exec ${fd##*/}<&-" ;; esac; done; exec "$@"' sh "$@"
  fi
}

# run_as UID NAME PROGRAM ARGUMENTS...: runs one of the programs above as the owner of the files it touches; what it prints is in
# the file answer. Another account gets nothing that is ours: no terminal, no descriptors but pipes, no variables, and only so much time.
run_as() {
  as_uid=$1 as_name=$2 as_program=$3
  shift 3
  rm -f answer code ended
  set -- "$SH" -c "$as_program" crossfade "$@"
  if [ "$as_uid" = "$self" ]; then
    "$@" >answer 2>/dev/null
    return
  fi
  : >answer
  case $stuck in *" $as_uid "*) return 1 ;; esac
  case $become in
    runuser) set -- runuser -u "$as_name" -- "$@" ;;
    sudo) set -- sudo -n -u "#$as_uid" -- "$@" ;;
    su)
      shift 2
      set -- su -s "$SH" "$as_name" -c "$@"
      ;;
  esac
  apart "$SH" -c "$ALONE" crossfade "$((LARGEST * 2))" env -i "PATH=$PATH" LC_ALL=C "$@" 2>/dev/null || :
  rm -f session
  if [ -s ended ]; then return "$(cat ended)"; fi
  skip_account "$as_uid" "$as_name"
  return 1
}

# skip_account UID NAME: the others get their turn.
skip_account() {
  stuck="$stuck$1 "
  late=$late${late:+,}$(plain "$2")
  printf 'error: %s: took longer than %s seconds and is skipped\n' "$(plain "$2")" "$LIMIT" >&2
  [ "$worst" -eq 12 ] || worst=11
}

# guard: runs beside us and kills what an account does not end in time.
guard() {
  # By exec, or shells keep our output open for whoever reads it.
  exec </dev/null >/dev/null 2>&1 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
  trap - EXIT INT QUIT TERM HUP
  last='' spent=0
  while sleep 1 && kill -0 $$ && [ -e accounts ]; do
    IFS= read -r now <session || now=
    [ "$now" = "$last" ] || last=$now spent=0
    spent=$((spent + 1))
    if [ -n "$now" ] && [ "$spent" -gt "$LIMIT" ]; then kill -s KILL -- "-$now" || :; fi
  done
  # After kill -9 nobody else ends it.
  if ! kill -0 $$ && IFS= read -r now <session; then kill -s KILL -- "-$now" || :; fi
}

# take_answer FILE: asks its owner for it. Only numbers are taken as numbers: whoever owns it may answer as they like.
take_answer() {
  : >before
  : >rest
  fetched='' records='' folders='' rights=''
  run_as "$uid" "$name" "$READ" "$1" "$LARGEST" "$MAY_WRITE" </dev/null || :
  IFS=' ' read -r fetched records folders rights <answer || :
  case $records:$folders in
    *[!0-9:]* | :* | *: | ?????????????*) fetched=unreadable records=0 folders=0 ;;
    *) tail -c "+$((${#fetched} + ${#records} + ${#folders} + ${#rights} + 5))" answer >rest ;;
  esac
}

# fetch FILE: copies it to old and its undo record to before. Sets fetched to ok, absent or why it cannot be used; rights; records, the
# size of the record; missing folders; and from the first line of the record whether the file, and how many folders above it, were made by
# this script, and which rights the file had.
fetch() {
  take_answer "$1"
  ours=no made=0 had=
  if [ "$records" -gt 0 ] && [ "$fetched" != record ]; then
    head -c "$records" rest >record
    IFS=' ' read -r mark ours made had <record || :
    if [ "$mark" != crossfade-undo-1 ]; then fetched=record; fi
    tail -n +2 record >before
  fi
  tail -c "+$((records + 1))" rest >old
  if [ "$fetched" = absent ] && [ "$records" -eq 0 ]; then ours=yes made=$folders; fi
  case $ours in yes | no) ;; *) fetched=record ;; esac
  case $made in [0-9]) ;; *) fetched=record ;; esac
  case $had in *[!ugorwxst=,]*) fetched=record ;; esac
}

why_not() {
  case $1 in
    link) echo "is a symbolic link, which is not followed" ;;
    linked) echo "is in a folder that is a symbolic link, which is not followed" ;;
    kind) echo "is not a regular file" ;;
    folder) echo "is below something that is not a folder" ;;
    large) echo "is larger than $LARGEST bytes" ;;
    loose) echo "can be written by others than its owner; fix that with chmod go-w" ;;
    shared) echo "is below a folder that others than root can write; fix that with chown root and chmod go-w" ;;
    record) echo "has an undo record that cannot be read" ;;
    *) echo "cannot be read" ;;
  esac
}

# is_loose: whether others than its owner can write the file that was fetched.
is_loose() { case $rights in ?????w* | ????????w*) return 0 ;; esac; return 1; }

# is_shared FILE: whether anybody but root can change a folder above it. On a Mac the group admin (80) may
# become root anyway.
is_shared() {
  above=${1%/*}
  while [ ! -d "$above/" ]; do above=${above%/*}; done
  above=$(cd -P "$above/" && pwd -P) || return 0
  set -- /
  while [ -n "$above" ]; do
    set -- "$@" "$above/."
    above=${above%/*}
  done
  ls -ldn "$@" | "$AWK" -v admin="$([ "$OS" != macos ] || echo 80)" '
    $3 != 0 || substr($1, 9, 1) == "w" || (substr($1, 6, 1) == "w" && $4 != 0 && $4 != admin) { shared = 1 }
    END { exit !shared }'
}

# overruled FILE: whether another file overrides this one. Sets other. Only where divert is set are files merged, X.json with X.d/*.json,
# and later names override; profiles override all of them.
overruled() {
  [ -n "$divert" ] || return 1
  for other in "${1%.d/*}.json" "${1%/*}"/*.json "$ROOT/Library/Managed Preferences/$domain.plist" "$ROOT/Library/Managed Preferences"/*/"$domain.plist"; do
    if [ "$other" = "$1" ] || [ ! -f "$other" ]; then continue; fi
    setting=$override
    case $other in *.json) if [ "${other%/*}" != "${1%/*}" ] || "$AWK" 'BEGIN { exit (ARGV[1] "" > ARGV[2] "") }' "$other" "$1"; then setting=$divert; fi ;; esac
    if grep -Eq "$setting" "$other"; then return 0; fi
  done
  return 1
}

# diverted FILE: whether a file beside it, which the CLI can be told to read over it, sets where data goes. Sets other.
diverted() {
  [ -n "$beside" ] || return 1
  run_as "$uid" "$name" "$BESIDE" "${1%/*}" "$beside" "$divert" || return 1
  IFS= read -r other <answer
}

# edit MODE: runs the editor on the file old with a plan or record from standard input; the result is in new. Returns what the editor
# does, or 5 if what it wrote is incomplete, as on a full disk, which some awks do not report.
edit() {
  : >status
  code=0 said='' bytes=0 lines=0
  limited "$AWK" -v "format=$format" -v "mode=$1" -v undo=undo -v before=before -v status=status "$EDIT" - old >new 2>reason || code=$?
  if [ "$code" -gt 128 ]; then return 6; fi
  IFS=' ' read -r said bytes lines <status || return 5
  [ "$code" = "$said" ] || return 5
  [ "$code" -eq 0 ] || return "$code"
  case $1 in set | undo) [ "$(($(wc -c <new)))" = "$bytes" ] || return 5 ;; esac
  case $1 in set) [ "$(($(wc -l <undo)))" = "$lines" ] || return 5 ;; esac
}

# limited COMMAND...: another's file may not keep root busy for long.
limited() {
  if [ "$uid" = "$self" ]; then
    "$@"
  else
    apart "$SH" -c 'echo $$ >session; exec "$@"' sh "$@"
    code=$?
    rm -f session
    return "$code"
  fi
}

why_broken() { plain "$(sed 's/^edit: [^:]*:\([0-9]*\):\([0-9]*\): /parse error at line \1, column \2: /; 1q' reason)"; }

parse_error() {
  case $result in
    3) trouble "$1" "$2" "$(why_broken); file unchanged" ;;
    5) trouble "$1" "$2" "cannot be processed, because $(plain "$work") cannot be written; file unchanged" 12 ;;
    6)
      set_state "$1" error
      skip_account "$uid" "$name"
      ;;
    *) trouble "$1" "$2" "the editor failed ($result), which is a bug; file unchanged" 1 ;;
  esac
}

# One row of a plan, for the feature WHEN or always. The value may hold the token, so it goes through pipes only.
# row TYPE POINTER VALUE [WHEN]
row() { if [ -z "${4-}" ] || wants "$4"; then put "set$tab$2$tab$1$tab$3" && echo; fi; }
# point_at WORD: sets pointer; names in capitals are those of variables.
point_at() { case $1 in /*) pointer=$1 ;; OTLP_*) pointer=/env/OTEL_EXPORTER_$1 ;; *) pointer=/env/$1 ;; esac; }
# text WORD VALUE [WHEN]
text() {
  point_at "$1"
  row string "$pointer" "$2" "${3-}"
}

# drop WORD..., drop_if WHEN WORD
drop() { for word in "$@"; do point_at "$word" && put "drop$tab$pointer" && echo; done; }
drop_if() { if wants "$1"; then drop "$2"; fi; }
# keep_table POINTER, join_list POINTER: a table there stays, the value of its row goes behind the owner's
keep_table() { put "keep$tab$1" && echo; }
join_list() { put "join$tab$1" && echo; }
# kinds TEXT: what values have to be, by lines of a kind and pointers without the slash before them; a table with a slash at its end goes before
# the ones behind it.
kinds() {
  printf '%s\n' "$1" | while read -r kind rest; do
    set -f
    table=
    for pointer in $rest; do
      case $pointer in */) table=$pointer ;; *) put "kind$tab/$table$pointer$tab$kind" && echo ;; esac
    done
  done
}
# only_keys POINTER KEY...: there are no others there
only_keys() {
  pointer=$1
  shift
  put "only$tab$pointer$tab$*" && echo
}
# form POINTER WORDS VARIANTS: what is to be there, as the editor takes it
form() { put "form$tab$1$tab$2$tab$3" && echo; }

# rival FORMAT HINT PATH WORD...: looks at another file that the CLI in cli reads for the account in uid. One that has the text HINT, and
# a setting WORD (a pointer, a name of its env or of a .env file, in a profile any text), or does not meet the demands of the CLI that is a
# WORD, or cannot be parsed: the CLI is refused, and rivalled is yes. So it is by text like the first WORD after its =, whatever the hint.
rival() {
  format=$1 hint=$2 files=$3
  shift 3
  # Unquoted on purpose: patterns expand, and without IFS nothing is split.
  # shellcheck disable=SC2086
  (IFS= && printf '%s\n' $files) >others
  while IFS= read -r other <&5; do
    result=0
    run_as "$uid" "$name" "$GLANCE" "$other" "$LARGEST" </dev/null || result=$?
    # It took too long, which was told.
    case $stuck in *" $uid "*) rivalled=yes; return 0 ;; esac
    seen=absent
    IFS= read -r seen <answer || :
    tail -c "+$((${#seen} + 2))" answer >old
    if [ "$result" -ne 0 ] || [ -z "$seen" ]; then
      # By a full disk of ours, or else by a fault of the file.
      has_room || exit 12
      seen=unreadable
    fi
    case $seen in
      absent) ;;
      ok) judge_rival "$@" ;;
      kind | large) rivalled "$(why_not "$seen")" ;;
      *) rivalled "cannot be read" ;;
    esac
  done 5<others
}

# has_room: whether the working folder takes more.
has_room() { (head -c 4096 /dev/zero >room) 2>/dev/null && rm -f room; }

judge_rival() {
  case ${1-} in =*)
    if tr "\r" "\n" <old | grep -Eq "${1#=}"; then rivalled; return 0; fi
    shift
    ;;
  esac
  if [ -n "$hint" ] && ! grep -Eq "$hint" old; then return 0; fi
  case $format in
    dotenv | plist)
      for word in "$@"; do
        # Lines may end with CR, the first may begin with a byte order mark, and a colon sets too.
        if [ "$format" = dotenv ]; then word="^[^A-Za-z_#]*(export[[:space:]]+)?${word}[[:space:]]*(=|:[[:space:]])"; fi
        if tr "\r" "\n" <old | grep -Eq "$word"; then rivalled; fi
      done
      return 0
      ;;
  esac
  : >before
  result=0
  for word in "$@"; do
    case $word in [/A-Z]*) drop "$word" ;; *) demands "$word" elsewhere ;; esac
  done | edit set || result=$?
  case $result in
    0) rivalled ;;
    1) case " $* " in *" $cli "*) unmixed; look_open "$cli" "$other" ;; esac ;;
    3) rivalled "$(why_broken)" ;;
    *) parse_error "$cli" "$other" ;;
  esac
}

# look_open CLI FILE: whether the file in old leaves open what comes of ours.
look_open() {
  result=0
  opens "$1" | edit set || result=$?
  [ "$result" -eq 3 ] || return 0
  why=$(why_broken)
  printf 'unknown: %s: %s, or it may not start; crossfade doctor there may know more\n' "$(plain "$2")" "${why#parse error }" >&2
  set_state "$1" unknown
}

# Tables of several files are merged, and with two variants of one setting the CLI does not start.
unmixed() {
  now=
  for variant in $(demands "$cli" elsewhere | sed -n "s/^form$tab.*$tab//p" | tr ' ' '\n' | sed 's/:.*//' | sort -u); do
    grep -Fq -e "$variant" old || continue
    case $earlier in
      '' | *" $variant "*) now="$now $variant " ;;
      *)
        rivalled "and another file of the CLI have $variant and something else, and what they say together is not known"
        return 0
        ;;
    esac
  done
  earlier=$earlier$now
}

# rivalled [REASON]
rivalled() {
  rivalled=yes
  [ $# -gt 0 ] || set -- "changes what our file sets, so what is sent is not known; remove its telemetry settings"
  trouble "$cli" "$other" "$1"
}

# rival_of_system FORMAT MACOS LINUX WORD...: the same below /Library or /etc, where there is such a file.
rival_of_system() {
  case $OS:$3 in macos:*) at=Library/$2 ;; linux:?*) at=etc/$3 ;; *) return 0 ;; esac
  format=$1
  shift 3
  rival "$format" '' "$ROOT/$at" "$@"
}

# overrides CLI: the file in other does, for all that is set here.
overrides() { trouble "$1" "$other" "overrides our file and could take the token elsewhere; remove its telemetry settings"; }

# contradicted CLI LAYER: whether another file of the account in uid leaves open what comes of ours at that layer.
contradicted() {
  rivalled='' earlier=''
  [ "$ACTION" != uninstall ] || return 1
  user_file "$1"
  if [ "$2" = user ] && diverted "$folder/$file"; then
    overrides "$1"
    return 0
  fi
  case $1-$2 in
    claude-code-user)
      text='=OTLP[A-Z_]*TIMEOUT|OTEL_([A-Z]+_EXPORT_[IT]|BLRP_[EM])[A-Z_]+" *($|: *($|[^"1-9 ]|"([^1-9]|[0-9]*[^0-9"])))'
      set -- "$text" /otelHeadersHelper OTLP_LOGS_HEADERS OTLP_LOGS_PROTOCOL OTLP_METRICS_HEADERS OTLP_METRICS_PROTOCOL OTLP_TRACES_HEADERS OTLP_TRACES_PROTOCOL OTLP_TRACES_ENDPOINT
      rival json 'otelHeaders|OTLP_(LOGS|METRICS|TRACES)_|\\u00[4-7][0-9A-Fa-f][^"]*"[[:space:]]*:' "$home"/.claude.json "$@"
      # What this script writes for the machine is no rival of what it writes for the same account.
      if [ "$SCOPE" = user ]; then
        :
        set -- "$text" /otelHeadersHelper CLAUDE_CODE_ENABLE_TELEMETRY OTEL_LOGS_EXPORTER OTEL_METRICS_EXPORTER OTEL_TRACES_EXPORTER OTLP_ENDPOINT OTLP_HEADERS OTLP_PROTOCOL OTLP_LOGS_ENDPOINT OTLP_LOGS_HEADERS OTLP_LOGS_PROTOCOL OTLP_METRICS_ENDPOINT OTLP_METRICS_HEADERS OTLP_METRICS_PROTOCOL OTLP_TRACES_ENDPOINT OTLP_TRACES_HEADERS OTLP_TRACES_PROTOCOL
        rival json '' "$ROOT"'/Library/Application Support/ClaudeCode/managed-settings.json' "$@"
        rival json '' "$ROOT"'/Library/Application Support/ClaudeCode/managed-settings.d/*.json' "$@"
        set -- 'OTEL_|TELEMETRY|otelHeaders|\\u00[4-7]'
        rival plist '' "$ROOT"'/Library/Managed Preferences/com.anthropic.claudecode.plist' "$@"
        rival plist '' "$ROOT"'/Library/Managed Preferences/*/com.anthropic.claudecode.plist' "$@"
      fi
      ;;
    claude-code-system)
      text='=OTLP[A-Z_]*TIMEOUT|OTEL_([A-Z]+_EXPORT_[IT]|BLRP_[EM])[A-Z_]+" *($|: *($|[^"1-9 ]|"([^1-9]|[0-9]*[^0-9"])))'
      set -- "$text" /otelHeadersHelper OTLP_LOGS_PROTOCOL OTLP_METRICS_PROTOCOL OTLP_TRACES_PROTOCOL
      rival json 'otelHeaders|OTLP_(LOGS|METRICS|TRACES)_|\\u00[4-7][0-9A-Fa-f][^"]*"[[:space:]]*:' "$home"/.claude.json "$@"
      shift 2
      set -- "$text" "$@"
      rival json '' "$folder"/settings.json "$@"
      # What this script writes for the machine is no rival of what it writes for the same account.
      set -- "$text"
      rival json '' "$ROOT"'/Library/Application Support/ClaudeCode/managed-settings.json' "$@"
      rival json '' "$ROOT"'/Library/Application Support/ClaudeCode/managed-settings.d/*.json' "$@"
      ;;
    codex-user)
      set -- '(OTEL_[BE]|SSL_CERT_)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      set -- codex
      rival toml '' "$folder"'/*.config.toml' "$@"
      # What this script writes for the machine is no rival of what it writes for the same account.
      if [ "$SCOPE" = user ]; then
        :
        set -- /otel codex
        rival toml '' "$ROOT"/etc/codex/config.toml "$@"
        rival toml '' "$ROOT"/etc/codex/managed_config.toml "$@"
        set -- /otel
        rival toml '' "$ROOT"/etc/codex/requirements.toml "$@"
      fi
      ;;
    codex-system)
      set -- codex
      rival toml '' "$folder"/config.toml "$@"
      set -- '(OTEL_[BE]|SSL_CERT_)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      set -- codex
      rival toml '' "$folder"'/*.config.toml' "$@"
      # What this script writes for the machine is no rival of what it writes for the same account.
      rival toml '' "$ROOT"/etc/codex/config.toml "$@"
      rival toml '' "$ROOT"/etc/codex/managed_config.toml "$@"
      ;;
    gemini-user)
      set -- 'GEMINI_(SANDBOX|TELEMETRY_[A-Z_]+)' 'OTEL_(B|E|SDK)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      rival dotenv '' "$home"/.env "$@"
      # What this script writes for the machine is no rival of what it writes for the same account.
      if [ "$SCOPE" = user ]; then
        :
        set -- /telemetry gemini
        rival jsonc '' "$ROOT"'/Library/Application Support/GeminiCli/settings.json' "$@"
        set -- gemini
        rival jsonc '' "$ROOT"'/Library/Application Support/GeminiCli/system-defaults.json' "$@"
      fi
      ;;
    gemini-system)
      set -- gemini
      rival jsonc '' "$folder"/settings.json "$@"
      set -- 'GEMINI_(SANDBOX|TELEMETRY_[A-Z_]+)' 'OTEL_(B|E|SDK)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      rival dotenv '' "$home"/.env "$@"
      # What this script writes for the machine is no rival of what it writes for the same account.
      set -- gemini
      rival jsonc '' "$ROOT"'/Library/Application Support/GeminiCli/system-defaults.json' "$@"
      ;;
    qwen-code-user)
      set -- 'QWEN_(SANDBOX|TELEMETRY_[A-Z_]+)' 'OTEL_(B|E|SDK)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      rival dotenv '' "$home"/.env "$@"
      # What this script writes for the machine is no rival of what it writes for the same account.
      if [ "$SCOPE" = user ]; then
        :
        text='=OTEL_[BS]|OTLP[A-Z_]*TIMEOUT'
        set -- "$text" /telemetry QWEN_TELEMETRY_ENABLED QWEN_TELEMETRY_OUTFILE QWEN_TELEMETRY_TARGET QWEN_TELEMETRY_OTLP_ENDPOINT QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT OTLP_ENDPOINT OTLP_LOGS_ENDPOINT OTLP_METRICS_ENDPOINT OTLP_TRACES_ENDPOINT OTLP_HEADERS OTLP_LOGS_HEADERS OTLP_METRICS_HEADERS QWEN_TELEMETRY_OTLP_PROTOCOL qwen-code
        rival jsonc '' "$ROOT"'/Library/Application Support/QwenCode/settings.json' "$@"
        shift 2
        set -- "$text" /telemetry/otlpLogsEndpoint /telemetry/otlpMetricsEndpoint "$@"
        rival jsonc '' "$ROOT"'/Library/Application Support/QwenCode/system-defaults.json' "$@"
      fi
      ;;
    qwen-code-system)
      set -- 'QWEN_(SANDBOX|TELEMETRY_[A-Z_]+)' 'OTEL_(B|E|SDK)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      rival dotenv '' "$home"/.env "$@"
      text='=OTEL_[BS]|OTLP[A-Z_]*TIMEOUT'
      set -- "$text" /telemetry/otlpLogsEndpoint /telemetry/otlpMetricsEndpoint QWEN_TELEMETRY_ENABLED QWEN_TELEMETRY_OUTFILE QWEN_TELEMETRY_TARGET QWEN_TELEMETRY_OTLP_ENDPOINT QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT OTLP_ENDPOINT OTLP_LOGS_ENDPOINT OTLP_METRICS_ENDPOINT OTLP_TRACES_ENDPOINT OTLP_HEADERS OTLP_LOGS_HEADERS OTLP_METRICS_HEADERS QWEN_TELEMETRY_OTLP_PROTOCOL qwen-code
      rival jsonc '' "$folder"/settings.json "$@"
      # What this script writes for the machine is no rival of what it writes for the same account.
      rival jsonc '' "$ROOT"'/Library/Application Support/QwenCode/system-defaults.json' "$@"
      ;;
  esac
  [ -n "$rivalled" ]
}

# The checksum that a file must still have when it is replaced.
old_sum() { if [ "$fetched" = ok ]; then "$SUM" <old; else echo absent; fi; }

# replace FILE MODE EXPECTED CONTENT: puts CONTENT from the work folder in the place of FILE, as its owner.
replace() { run_as "$uid" "$name" "$REPLACE" "$1" "$2" "$3" "$("$SUM" <"$4")" "$SUM" <"$4"; }

# live_token CLI: sets live to the token in the file old, or to nothing; result is what the editor returns.
live_token() {
  live='' result=0
  token_pointers "$1" | edit get || result=$?
  if [ "$result" -eq 0 ]; then live=$(sed -n "s/^[^$tab]*${tab}string$tab//p" new | sed -n '1s|^.*[ =/]||p'); fi
}

# token_in_use CLI FILE: the same, or the token in the file that the header program reads.
token_in_use() {
  live_token "$1"
  if [ "$result" -le 1 ] && [ -n "$secret" ]; then
    fetch "$secret"
    live=$(cat old)
    fetch "$2"
  fi
}

# is_open LAYER: whether the file that was fetched is one account's, holds the token, and others can read it.
is_open() {
  [ "$1" = user ] && [ "$fetched" = ok ] && [ -z "$secret" ] || return 1
  case $rights in ????------) return 1 ;; esac
}

# change_file CLI LAYER FILE: edits it to hold what the plan says.
change_file() {
  given=$token
  # A dry run without a token: what else would change shows with the token that is in use.
  if [ -z "$given" ]; then
    token_in_use "$1" "$3"
    [ -z "$live" ] || seen_token "$(fingerprint "$live")"
    token=${live:-no-token-is-given-here}
  fi
  result=0
  plan "$1" "$2" | edit set || result=$?
  token=$given
  case $result in
    0) ;;
    1)
      if ! is_open "$2"; then
        set_state "$1" ok
        return 0
      fi
      cp old new
      cp before undo
      ;;
    *)
      parse_error "$1" "$3"
      return 0
      ;;
  esac
  # A larger file would not be opened again, so this could not be undone.
  if [ "$(($(wc -c <new)))" -gt "$LARGEST" ]; then
    trouble "$1" "$3" "would be larger than $LARGEST bytes"
    return 0
  fi
  if [ -n "$DRY_RUN" ]; then
    say would-change "$1" "$(plain "$3")" "would change  $(plain "$3")"
    set_state "$1" drift
    return 0
  fi
  mv new wanted
  if is_open "$2"; then
    : "${had:=$(put "$rights" | sed 's/^.\(...\)\(...\)\(...\)$/u=\1,g=\2,o=\3/; s/[^ugorwx=,]//g')}"
    say note "$1" "$(plain "$3")" "only you can read $(plain "$3") from now on, because it holds the token (before: $had)"
  elif [ "$2" = user ] && [ "$fetched" = ok ] && [ -n "$secret" ]; then
    mode=0644
  fi
  result=0
  {
    { echo "crossfade-undo-1 $ours $made $had" && cat undo; } >record &&
      back_up "$3" &&
      replace "$3.crossfade-undo" 0600 any record &&
      replace "$3" "$mode" "$(old_sum)" wanted
  } || result=$?
  case $result in
    0)
      say changed "$1" "$(plain "$3")" "changed       $(plain "$3")"
      changed="$changed $1"
      set_state "$1" ok
      ;;
    4) try_again "$1" "$2" "$3" ;;
    *) trouble "$1" "$3" "cannot be written; file unchanged" 12 ;;
  esac
}

# Somebody changed the file meanwhile: once more, from the start.
try_again() {
  if [ -n "$second" ]; then
    trouble "$1" "$3" "was changed by another program while this script ran; run it again" 11
  else
    second=yes
    handle_file "$1" "$2" "$3" yes
    second=
  fi
}

# The backup is of what is not ours: the file before our first edit, and later the file without our settings, so it holds no token.
back_up() {
  if [ "$ours" = yes ] || [ ! -s old ]; then return 0; fi
  if [ -s before ]; then edit undo <before || [ $? -eq 1 ] || return 0; fi
  if [ -s before ] && [ -s new ]; then mv new foreign; else cp old foreign; fi
  run_as "$uid" "$name" "$BACKUP" "$1" "$BACKUPS" <foreign
}

# restore_file CLI FILE: removes our settings and gives back what was there before them.
restore_file() {
  [ "$records" -gt 0 ] || return 0
  result=0
  edit undo <before || result=$?
  case $result in
    0) ;;
    1) cp old new ;;
    *)
      parse_error "$1" "$2"
      return 0
      ;;
  esac
  if [ -n "$DRY_RUN" ]; then
    say would-restore "$1" "$(plain "$2")" "would restore $(plain "$2")"
    return 0
  fi
  if [ -s reason ]; then say note "$1" "$(plain "$2")" "in $(plain "$2"): $(plain "$(tr '\n' ' ' <reason)")"; fi
  result=0
  if [ "$ours" = yes ] && ! grep -q '[^][:space:]{}[]' new; then
    run_as "$uid" "$name" "$REMOVE" "$2" "$(old_sum)" "$made" "$SUM" </dev/null || result=$?
  else
    { { cmp -s old new && [ -z "$had" ]; } || replace "$2" "${had:-0644}" "$(old_sum)" new; } &&
      run_as "$uid" "$name" "$REMOVE" "$2" keep 0 "$SUM" </dev/null || result=$?
  fi
  case $result in
    0)
      say restored "$1" "$(plain "$2")" "restored      $(plain "$2")"
      changed="$changed $1"
      ;;
    *) trouble "$1" "$2" "cannot be written; file unchanged" 12 ;;
  esac
}

# header_program CLI yes|no: with the option, the program that prints the header, and the token file it reads.
header_program() {
  secret=
  [ -n "$program_folder" ] || return 0
  helper=$program_folder/crossfade-header
  if [ "$2" = yes ] && wants helper; then
    case $helper in *[!A-Za-z0-9._/@-]*) fail 11 "the header program cannot be in a folder with such a name; run this with no-helper" ;; esac
    secret=$program_folder/crossfade-token
    [ "$ACTION" = install ] || return 0
    print_header_program "$1" >wanted
    write_whole "$1" "$helper" "$program_mode"
    # In a dry run without a token: the one that is there.
    fetch "$secret"
    { put "${token:-$(cat old)}" && echo; } >wanted
    write_whole "$1" "$secret" "$program_mode"
  fi
}

# write_whole CLI FILE MODE: a file that is entirely ours gets the content of wanted.
write_whole() {
  fetch "$2"
  case $fetched in
    ok) if cmp -s old wanted; then return 0; fi ;;
    absent) ;;
    *)
      trouble "$1" "$2" "$(why_not "$fetched")"
      return 0
      ;;
  esac
  if [ -n "$DRY_RUN" ]; then
    say would-change "$1" "$(plain "$2")" "would change  $(plain "$2")"
  elif replace "$2" "$3" "$(old_sum)" wanted; then
    say changed "$1" "$(plain "$2")" "changed       $(plain "$2")"
    changed="$changed $1"
  else
    trouble "$1" "$2" "cannot be written; file unchanged" 12
  fi
}

# remove_header_program CLI FOLDERS: removes it and its token file once no setting names it.
remove_header_program() {
  if [ -z "$program_folder" ] || [ -n "$secret" ] || [ "$MAY_WRITE" = no ]; then return 0; fi
  for leftover in "$program_folder/crossfade-header" "$program_folder/crossfade-token"; do
    fetch "$leftover"
    if [ "$fetched" = ok ]; then
      run_as "$uid" "$name" "$REMOVE" "$leftover" "$(old_sum)" "$2" "$SUM" </dev/null || trouble "$1" "$leftover" "cannot be removed" 12
    fi
  done
}

# ---- Background processes ----

# Processes that outlive a session: lines UID, when it started (Unix time), id, program.
daemons() {
  now=$(date +%s)
  ps -A -o uid= -o etime= -o pid= -o args= 2>/dev/null | "$AWK" -v needle="$needle" -v now="$now" '
    $0 ~ needle && !/awk/ {
      days = 0
      clock = $2
      if (split(clock, part, "-") == 2) { days = part[1]; clock = part[2] }
      count = split(clock, part, ":")
      seconds = 0
      for (i = 1; i <= count; i++) seconds = seconds * 60 + part[i]
      print $1, now - days * 86400 - seconds, $3, $4
    }'
}

# look_at_daemon CLI FILE [FOLDER]: whether the user in uid has a process older than the last change of the file, or with variables that go before
# it; the change may be of its content, mode or owner. One that surely has another FOLDER of settings does not read that user's file. Both times are whole seconds, the age rounded down: a process that started less than
# two seconds after the change may be older than it, so a restart waits until that is past.
look_at_daemon() {
  daemon "$1"
  [ -n "$needle" ] || return 0
  while IFS=' ' read -r owner started pid program <&4; do
    [ "$owner" = "$uid" ] || continue
    if [ -n "${3-}" ] && run_as "$uid" "$name" "$ELSEWHERE" "$pid" "$moved" "$below" "$usual" "$3" </dev/null; then continue; fi
    times=$(stat -c '%Y %Z' "$2" 2>/dev/null || stat -f '%m %c' "$2" 2>/dev/null) || continue
    written=${times% *}
    if [ "${times#* }" -gt "$written" ]; then written=${times#* }; fi
    if [ "$started" -ge "$((written + 2))" ] && ! run_as "$uid" "$name" "$ENVIRON" "$pid" "$variables" </dev/null; then continue; fi
    # shellcheck disable=SC2086 # the words of a command
    if wants restart && [ "$ACTION" = install ] && sleep 5 && run_as "$uid" "$name" "$RESTART" "$home" "$program" $restart </dev/null; then
      say note "$1" '' "restarted     $program $restart"
    else
      set_state "$1" stale
    fi
    return 0
  done 4<"daemons-$1"
}

# ---- The work ----

# handle_file CLI LAYER FILE yes|no: sees to it that one file holds what it should, or nothing of ours.
handle_file() {
  if [ "$2" = system ] && is_shared "$3"; then fetched=shared records=0; else fetch "$3"; fi
  # A file for everybody that anybody can change protects nobody, and some CLIs ignore it.
  if [ "$2" = system ] && [ "$4" = yes ] && [ "$fetched" = ok ] && is_loose; then fetched=loose; fi
  if [ "$4" = yes ] && [ "$2" = system ] && [ "$ACTION" != uninstall ] && overruled "$3"; then
    overrides "$1"
    return 0
  fi
  case $fetched in
    ok | absent) ;;
    *)
      if [ "$4" = no ]; then return 0; fi
      trouble "$1" "$3" "$(why_not "$fetched")"
      return 0
      ;;
  esac
  case $ACTION in
    install) if [ "$4" = yes ]; then change_file "$1" "$2" "$3"; else restore_file "$1" "$3"; fi ;;
  esac
  case $ACTION-$4-$fetched-$result in install-yes-ok-[01] | report-yes-ok-[01]) look_open "$1" "$3" ;; esac
}

# for_machine CLI yes|no: the layer of the machine.
for_machine() {
  uid=0 name=root
  system_file "$1"
  program_folder=$header_folder program_mode=0644 mode=0644
  if [ -n "$program_folder" ] && is_shared "$program_folder/x"; then program_folder=; fi
  header_program "$1" "$2"
  handle_file "$1" system "$file" "$2"
  remove_header_program "$1" 1
}

# for_user CLI yes|no: the layer of the user in uid, name and home.
for_user() {
  case $stuck in *" $uid "*) return 0 ;; esac
  user_file "$1"
  program_folder=${header_folder:+$folder} program_mode=0600 mode=0600
  header_program "$1" "$2"
  handle_file "$1" user "$folder/$file" "$2"
  remove_header_program "$1" 0
}

handle_clis() {
  for cli in $CLIS; do
    daemon "$cli"
    if [ -n "$needle" ]; then daemons >"daemons-$cli"; fi
    wanted_here=no
    while IFS=$tab read -r uid name home words <&3; do
      # shellcheck disable=SC2086 # words
      layers "$cli" $words
      if [ "$in_system" = yes ]; then wanted_here=yes; fi
    done 3<people
    # shellcheck disable=SC2086 # words
    layers "$cli" $machine
    if [ "$in_system" = yes ]; then wanted_here=yes; fi
    if [ "$self" -eq 0 ] && { [ "$USERS" = all ] || [ "$SCOPE" = system ]; }; then for_machine "$cli" "$wanted_here"; fi
    while IFS=$tab read -r uid name home words <&3; do
      # shellcheck disable=SC2086 # words
      layers "$cli" $words
      case $stuck in *" $uid "*) continue ;; esac
      if [ "$in_system" = yes ] && contradicted "$cli" system; then :; fi
      if [ "$in_user" = yes ] && contradicted "$cli" user; then continue; fi
      if [ "$in_user" = yes ] || [ "$USERS" = self ] || has_record "$cli"; then for_user "$cli" "$in_user"; fi
      system_file "$cli"
      if [ "$in_system" = yes ]; then look_at_daemon "$cli" "$file"; fi
      user_file "$cli"
      if [ "$in_user" = yes ]; then look_at_daemon "$cli" "$folder/$file" "$folder"; fi
    done 3<people
  done
}

# Tries the editor of this machine on made-up files: what it sets is there, a second time it changes nothing, and the undo gives back
# every byte.
self_test() {
  token="self-test-0000000000000000"
  helper=/crossfade-header
  home=/ uid=$self
  for cli in $CLIS; do
    user_file "$cli"
    for sample in '' "$(sample_of "$format")"; do
      put "$sample" >old
      cp old original
      : >before
      plan "$cli" user | edit set || fail 1 "self-test: $cli cannot be set"
      cp new old
      live_token "$cli"
      [ "$live" = "$token" ] || fail 1 "self-test: $cli has no token"
      cp undo before
      result=0
      plan "$cli" user | edit set || result=$?
      [ "$result" -eq 1 ] || fail 1 "self-test: $cli changes twice"
      edit undo <before || fail 1 "self-test: $cli cannot be restored"
      cmp -s new original || fail 1 "self-test: $cli is not restored to what it was"
      say note "$cli" '' "works         $cli, $format"
    done
    set_state "$cli" ok
  done
}

sample_of() {
  case $1 in
    toml) printf '# mine\r\nmodel = "m"\r\n[x."a b"] # theirs\r\nargs = [ 1,\r\n 2 ]' ;;
    jsonc) printf '{\n\t// mine\n\t"a": [1.50, {"b": null}],\n\t"c": "\\u00e9"\n}' ;;
    *) printf '{"a": [1.50, {"b": null}],\n  "env": {"X": "\\u00e9"}}\n\n' ;;
  esac
}

# ---- Start ----

usage() {
  sed -n '3,/^$/s/^# \{0,1\}//p' "$0" 2>/dev/null || echo "The options and exit codes are described at the top of this script."
}

main() {
  DRY_RUN='' EXPECT='' KNOWN_CLIS=$CLIS
  LARGEST=10485760 BACKUPS=3 PATIENCE=60
  LIMIT=30
  users=0 skipped=0 worst=0 refused='' second='' changed='' lock='' complaint='' wants_help='' token='' secret='' helper='' machine_name='' stuck=' ' late=''
  trap leave EXIT
  trap stopped INT QUIT TERM HUP
  take_options "$@"
  set --
  read_options
  check_options
  check_endpoint
  if [ -n "$wants_help" ]; then
    usage
    finished=yes
    exit 0
  fi
  MAY_WRITE=yes
  if [ "$ACTION" = report ] || [ -n "$DRY_RUN" ]; then MAY_WRITE=no; fi
  check_machine
  if [ "$ACTION" = install ]; then get_token; fi
  if wants host; then machine_name=$(identity); fi
  enter
  if [ "$ACTION" = self-test ]; then
    self_test
    finish ok 0
  fi
  find_people
  handle_clis
  result=absent code=9 failed=0
  if some_cli ok; then result=ok code=0; fi
  if some_cli unknown; then result=refused code=11; fi
  if [ -n "$refused" ]; then result=refused code=11 failed=11; fi
  if [ "$worst" -ne 0 ]; then result=error code=$worst failed=$worst; fi
  if some_cli drift || some_cli stale; then result=drift code=10; fi
  if [ "$ACTION" != report ]; then code=$failed; fi
  finish "$result" "$code"
}

main "$@"
}
