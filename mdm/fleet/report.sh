#!/bin/sh
# shellcheck shell=sh disable=SC2012,SC2016,SC2034,SC2086,SC2317 # programs in single quotes; parts that files share
# Reports whether Claude Code, Codex CLI, Gemini CLI and Qwen Code on this machine are set, and with which token. It changes nothing.
#
# For Fleet. Made by otel-crossfade 0.1.0; make it again rather than edit it.
# What the file prints is shown in Fleet as it is.
#
# What it does, in this order: finds the accounts of people; finds their CLIs and releases from files, without running any; compares
# each configuration file with what it should hold; prints one line. It works in a user's home as that user, follows no symbolic
# link, downloads nothing and sends nothing.
#
# Options, as words, with or without -- in front:
#   help                       show this text
#   clis=NAME,NAME             which of claude-code, codex, gemini, qwen-code (all)
#   scope=system | scope=user  files for the whole machine, which users cannot override and every account can read, or files in
#                              the homes (system)
#   users=all | users=self     every person's account, or the one this runs as (all)
#   endpoint=URL               where to send (https://ai-events.toriihq.com)
#   host | no-host             send the machine's name and id too (host)
#   helper | no-helper         Claude Code: the token is in a file of its own, so that running sessions follow a change
#                              (no-helper)
#   prompts, responses, tools  send prompts, answers, tool inputs too (none of them)
#   expect=FINGERPRINT         which token it should be
#
# The last line of output is the report:
#   crossfade ok|drift|absent|refused|error fp=FINGERPRINT|none|mixed cfg=1 cli=NAME:STATE,... users=N [skipped=N] [late=NAME,...]
# fp: the first 12 hex digits of SHA-256 over the token. State of a CLI: ok; drift (set differently); absent (not found); old (a
# release that cannot be set); stale (set, but a background process still has the old token); unknown (it may not start); refused (a
# person must change its file); error. users: accounts looked at; skipped: homes that could not be looked at; late: accounts that
# took too long.
#
# Exit codes: 0 success; 1 a bug; 2 an option is wrong; 9 report: no CLI that was found is set; 10 report: drift; the install script
# ends it; 11 refused: a file that cannot be read or parsed; 12 a file could not be written; such files are unchanged; 13 a program
# is missing; 130 interrupted.
#
# Contents, by line:
#     74  Settings and vehicle
#    113  CLIs: their files, settings and signs
#    479  Editor of JSON and TOML files, an awk program
#   1207  Small programs that run as the owner of the files they touch; content comes on standard input
#   1319  Output
#   1408  Options
#   1489  Machine: its system, people and CLIs
#   1695  Lock and working folder
#   1791  Files
#   2262  Background processes
#   2295  The work
#   2364  Start

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
# Everything below this section is the same for all vehicles

ACTION=report
ACTIONS=report
ENDPOINT=https://ai-events.toriihq.com
CLIS='claude-code codex gemini qwen-code'
SCOPE=system
USERS=all
SYSTEMS='macos linux'
SAYS=no
FEATURES='host no-helper no-prompts no-responses no-tools no-restart'
OPTIONS=

# What the vehicle passes besides the token
take_options() {
  OPTIONS="$*"
}

# What the vehicle wants around the line of a report
print_report() { printf '%s\n' "$1"; }

# What is left for the vehicle to find
leave_trace() {
  if [ "${self-}" != 0 ] || [ -n "$DRY_RUN" ] || [ "$ACTION" = self-test ]; then return 0; fi
  traces=$ROOT/etc/otel-crossfade
  rm -f "$traces/crossfade "*
  if [ "$ACTION" != uninstall ] || [ "$1" = error ]; then
    (umask 022 && mkdir -p "$traces" && : >"$traces/$line") 2>/dev/null || :
  else
    rmdir "$traces" 2>/dev/null || :
  fi
}

# The vehicle's exit code for ours, $1
exit_code() {
  return "$1"
}

# ---- CLIs: their files, settings and signs ----

# of_system MACOS LINUX: sets file to the one below /Library or /etc
of_system() { case $OS in macos) file=$ROOT/Library/$1 ;; *) file=$ROOT/etc/$2 ;; esac; }

# system_file CLI, user_file CLI: set file (the machine's, or in folder), folder, format, and since, its first release
system_file() {
  header_folder='' folder=''
  divert=
  case $1 in
    claude-code)
      format=json
      since=2.1.83
      domain=com.anthropic.claudecode divert='OTLP_(LOGS|METRICS|TRACES)_|\\u00[4-7]' override='OTEL_|TELEMETRY|otelHeaders|\\u00[4-7]'
      header_folder=$ROOT/etc/otel-crossfade
      of_system 'Application Support/ClaudeCode/managed-settings.d/50-crossfade.json' claude-code/managed-settings.d/50-crossfade.json
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
      of_system 'Application Support/GeminiCli/settings.json' gemini-cli/settings.json
      ;;
    qwen-code)
      format=jsonc
      since=0.24.4
      of_system 'Application Support/QwenCode/settings.json' qwen-code/settings.json
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

# Variables that move the files of one account
forget_folders() { unset CLAUDE_CONFIG_DIR CODEX_HOME GEMINI_CLI_HOME QWEN_HOME; }

# plan CLI LAYER: what the file shall hold, one row a line
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

# demands CLI [elsewhere]: without what a CLI does not read a person's file, or does not start
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

# opens CLI: the same, where it is not known whether it does
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

# token_pointers CLI: the settings with the token, as questions to the editor
token_pointers() {
  case $1 in
    claude-code) printf 'get\t%s\n' /env/OTEL_EXPORTER_OTLP_HEADERS ;;
    codex) printf 'get\t%s\n' /otel/exporter/otlp-http/headers/Authorization /otel/metrics_exporter/otlp-http/headers/Authorization ;;
    gemini) printf 'get\t%s\n' /telemetry/otlpEndpoint ;;
    qwen-code) printf 'get\t%s\n' /telemetry/otlpEndpoint ;;
  esac
}

# Where releases show without running anything: CLI, kind of sign, path
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

# Accounts of people, by system
people() {
  case $OS in
    macos) people_macos ;;
    linux) people_linux ;;
  esac
}

# daemon CLI: its processes that outlive sessions
daemon() {
  case $1 in
    codex) needle='codex.* --managed-daemon' variables='OTEL_EXPORTER_OTLP_[A-Z_]+' restart='app-server daemon restart' moved=CODEX_HOME below='' usual=.codex ;;
    *) needle='' ;;
  esac
}

# ---- Editor of JSON and TOML files, an awk program ----

EDIT='# Reads and changes single keys of a JSON, JSONC or TOML file

# Text

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

# Bytes a to b of the generation that was parsed last
function slice(a, b,   i, s) {
  if (a < 1) a = 1
  if (b > LEN[G]) b = LEN[G]
  if (b < a) return ""
  i = int((a - 1) / SIZE) + 1
  s = substr(X[G, i], a - (i - 1) * SIZE)
  while (i * SIZE < b) s = s X[G, ++i]
  return substr(s, 1, b - a + 1)
}

# The lexer looks at W, a window on the text that begins at byte AT and holds at least LOW bytes
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

# Moves n bytes to TOK
function take(n) {
  TOK = TOK substr(W, 1, n)
  eat(n)
  if (length(TOK) > 32768) { SPILT = 1; note(OWNER, substr(TOK, 1, 32768)); TOK = substr(TOK, 32769) }
}

# The first failure ends all reading: the window is emptied and stays empty
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

# Reads the file in one go
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

# Parsing

function parse(g, listing) {
  split("", KIND); split("", WHERE); split("", OPEN); split("", CLOSE); split("", MEMBER); split("", INSIDE)
  split("", HOST); split("", COUNT); split("", LAST); split("", FIRST); split("", SEEN); split("", BASE)
  M = SECTIONS = EVENTS = COMMENTS = SM[0] = 0; LISTED = ""
  G = g; LISTING = listing
  seek(1)
  if (format == "toml") toml(); else json()
  return WHY == ""
}

# LISTING 1 writes the list, 2 compares with it
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

# A pointer is found for the first time
function born(path, kind, at) {
  if (format == "toml" || (path in WANT) || (up(path) in WANT)) KIND[path] = kind
  if (path in WANT) WHERE[path] = at
}

# A value and everything inside it
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
    for (;;) {
      if (!opened && SM[d]) mEnd[SM[d]] = AT - 1
      if (d == 0 || WHY != "") return
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

# A key and what separates it from its value
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

# Skips white space, and with lines also line ends and comments
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
    if (W ~ /^\r/ && W !~ /^[ \t\r]+(\n|\/\/)/ && (W !~ /^[ \t\r]+$/ || NEXT < PIECES[G])) fail(AT, "a carriage return alone ends a comment")
  } else fail(AT, "expected a comment")
}

# JSON and JSONC

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

# TOML

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

# A key of one or more parts below a table
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

# One part of a key, as in a pointer
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

# Whether it has more than 64 bits, with which no reader takes the file
function too_large(n) {
  gsub(/[-+_]/, "", n)
  return length(n) > 19 || (length(n) == 19 && (n "") > "9223372036854775807")
}

# A string of any of the four kinds
function toml_string(   from, q, many, c, n) {
  from = AT; q = substr(W, 1, 1); many = substr(W, 1, 3) == q q q
  for (take(many ? 3 : 1); (c = substr(W, 1, 1)) != ""; ) {
    if (c == q) {
      if (!many) return take(1)
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

# Strings and pointers

# The value of a token: of a string what it stands for, of anything else its text
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

# U+0000 becomes two bytes, since not every awk can hold it
function utf8(n,   tail) {
  if (n && n < 128) return sprintf("%c", n)
  tail = sprintf("%c", 128 + n % 64); n = int(n / 64)
  if (n < 32) return sprintf("%c", 192 + n) tail
  tail = sprintf("%c", 128 + n % 64) tail; n = int(n / 64)
  if (n < 16) return sprintf("%c", 224 + n) tail
  return sprintf("%c", 240 + int(n / 64)) sprintf("%c", 128 + n % 64) tail
}

# Makes one line, for records and answers
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

# Type and value at a pointer as one text
function content(p) {
  if (!(p in KIND)) return ""
  return KIND[p] "\t" ((p in MEMBER) && KIND[p] !~ /^(object|array|table)$/ ? plain(slice(mVal[MEMBER[p]], mEnd[MEMBER[p]])) : "")
}

# Plans

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

# What ends with our value is as planned where it is to be joined
function accept_joined(   i, p, v) {
  for (i = 1; i <= SETS; i++) {
    p = SET[i]; v = content(p)
    if ((p in JOIN) && v ~ /^string\t/ && ends(substr(v, 8), SETVALUE[p])) SETVALUE[p] = substr(v, 8)
  }
}

function ends(v, ours) { return v == ours || (length(v) > length(ours) && substr(v, length(v) - length(ours)) == "," ours) }

# Takes out of the plan what a table that is to be kept stands in for
function keep_tables(   i, n, p) {
  for (i = 1; i <= SETS; i++) {
    p = SET[i]
    if ((p in KEEP) && (p in KIND) && KIND[p] ~ /^(object|table|implicit|dotted)$/) delete SETTYPE[p]
    else SET[++n] = p
  }
  SETS = n + 0
}

# What is of another kind, or a key that is not to be there: the first in the file, or ""
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

# Rows for what the file has where a row has a star
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

# Of two at one place the first by its words
function odd_at(p, why,   at) {
  at = WHERE[p] + 0
  if (ODD == "" || at < ODD_AT || (at == ODD_AT && why < ODD)) { ODD = why; ODD_AT = at }
}

function odd() { return refuse(3, FILE ":" place(ODD_AT) ": " ODD) }

# The last part of a pointer, as plain text
function name_of(p) {
  sub(/^.*\//, "", p); gsub(/~1/, "/", p); gsub(/~0/, "~", p)
  return p
}

function target(p) { return SETTYPE[p] "\t" SETVALUE[p] }

# Whether a drop of the plan removes what is at this pointer
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

# Mode get

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

# Mode same

function compare(   i, m, p, q, different) {
  if (!unstar()) return refuse(3, FILE ":" WHY)
  if (odd_one() != "") return odd()
  keep_tables()
  accept_joined()
  for (i = 1; i <= SETS; i++) {
    p = SET[i]
    for (q = up(p); q != ""; q = up(q)) if ((q in KIND) && KIND[q] !~ /^(object|table|implicit|dotted)$/ && !doomed(q)) return refuse(3, FILE ":" place(WHERE[q]) ": not a table: " q)
    if ((p in KIND) && (!(p in MEMBER) || KIND[p] ~ /^(object|array|table)/) && !doomed(p)) return refuse(3, FILE ":" place(WHERE[p]) ": not a single value: " p)
    if (content(p) != target(p)) different = 1
  }
  for (m = 1; m <= M; m++) if (doomed(mPath[m])) different = 1
  return !different
}

# The whole

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

function knows_mode() { return mode ~ /^(get|same)$/ }

function read_plan() {
  if (mode == "get") return read_questions()
  if (mode == "same") return read_rows()
}

function work() {
  if (mode == "get") return answer()
  if (mode == "same") return compare()
}

# Entry

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

ALONE='# alone BYTES COMMAND...: the leader of a session
echo $$ >session
most=$1
shift
{
  cat | (cd / && exec "$@")
  echo $? >code
} | head -c "$most" >answer
mv code ended
'

LOOK='# look HOME: reads lines "CLI KIND PATTERN" and prints CLI=RELEASE for each release found, CLI=? for a CLI that is or was used but whose release is unknown, CLI=ours for an undo record of this script
cd "$1" 2>/dev/null || exit 3
[ -r . ] && [ -x . ] || exit 3
while IFS=" " read -r cli kind pattern; do
  IFS=
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

READ='# read FILE LIMIT: state is ok, absent or why FILE cannot be used
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
# Prints a line "STATE 0 0 RIGHTS", then the bytes of FILE
printf "%s 0 0 %s\n" "$state" "$rights"
[ "$state" != ok ] || cat "$file"
'

BESIDE='# beside FOLDER ENDING PATTERN: prints the first file of FOLDER with that ending in its name and the pattern in its text
for other in "$1"/*"$2"; do
  if [ -f "$other" ] && grep -Eq "$3" "$other"; then
    printf "%s\n" "$other"
    exit 0
  fi
done
exit 1
'

GLANCE='# glance FILE LIMIT: prints a line "STATE" and, if it is ok, the bytes of FILE
file=$1 limit=$2
if [ ! -e "$file" ]; then echo absent
elif [ ! -f "$file" ]; then echo kind
elif [ ! -r "$file" ]; then echo unreadable
elif [ "$(head -c $((limit + 1)) "$file" | wc -c)" -gt "$limit" ]; then echo large
else echo ok && cat "$file"
fi
'

ELSEWHERE='# elsewhere PID VARIABLE BELOW USUAL FOLDER: whether a process surely has another folder of settings: BELOW what the variable says, or USUAL in its home
pid=$1
# One that has ended reads nothing
kill -0 "$pid" 2>/dev/null || exit 0
value() { tr "\000" "\n" <"/proc/$pid/environ" | sed -n "s/^$1=//p"; } 2>/dev/null
there=$(value "$2")
if [ -n "$there" ]; then there=$there$3; else there=$(value HOME)/$4; fi
case $there in /*) ;; *) exit 1 ;; esac
there=$(cd "$there" && pwd -P) && here=$(cd "$5" && pwd -P) && [ "$there" != "$here" ]
'

ENVIRON='# environ PID PATTERN: whether a process was started with a variable whose name is like that
if [ -r "/proc/$1/environ" ]; then tr "\000" "\n" <"/proc/$1/environ"; else ps eww -o command= -p "$1" | tr " " "\n"; fi 2>/dev/null | grep -Eq "^($2)="
'

# ---- Output ----

have() { command -v "$1" >/dev/null 2>&1; }

# Prints its argument without a line break, and without a program that would show it in the process list
if [ "$(command -v printf)" = printf ]; then
  put() { printf %s "$1"; }
elif [ "$(command -v print)" = print ]; then
  put() { print -rn -- "$1"; }
else
  echo 'error: this shell has no built-in printf; run the script with dash, bash, zsh or busybox sh' >&2
  exit 13
fi

tab=$(printf '\t')

# Text from outside, without characters that control a terminal
plain() { put "$1" | tr -c ' -~' '?'; }

# fail CODE REASON: one line for a person, the report line, and the end
fail() {
  printf 'error: %s\n' "$2" >&2
  fingerprints=none
  finish error "$1"
}

# trouble CLI FILE REASON [CODE]: one file is left unchanged
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

# set_state CLI STATE: of two states of a CLI the first in this list stays
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

# some_cli STATE: whether any CLI has this state
some_cli() { case $states in *"=$1 "*) return 0 ;; esac; return 1; }

# finish RESULT CODE: the report line, and the end
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

# The first 12 hex digits of SHA-256 over a token
fingerprint() {
  if have sha256sum; then
    put "$1" | sha256sum
  elif have shasum; then
    put "$1" | shasum -a 256
  else
    put "$1" | openssl dgst -sha256 -r
  fi | cut -c1-12
}

# seen_token FINGERPRINT: one token seen is its fingerprint, several are mixed
seen_token() {
  case $fingerprints in
    none | "$1") fingerprints=$1 ;;
    *) fingerprints=mixed ;;
  esac
}

# ---- Options ----

# wants FEATURE: whether it is on
wants() {
  case " $FEATURES " in *" $1 "*) return 0 ;; esac
  return 1
}

# toggle WORD: turns a feature on, or with no- in front off
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
  case ${#EXPECT} in 0 | 12) ;; *) EXPECT=wrong ;; esac
  case $EXPECT in *[!0-9a-f]*) fail 2 "expect= is not a fingerprint of 12 hex digits" ;; esac
}

# Where telemetry goes: an https URL, or http to this machine
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
  if is_like "([^:]*[.])?([0-9]+|0x[0-9a-f]*)[.]?(:.*)?"; then host="$octet([.]$octet){3}"; fi
  is_like "(\\[[0-9a-f:.]+\\]|$host)$port" || fail 2 "the endpoint names no host and port that could exist"
  case $ENDPOINT in
    http://*) is_like "(localhost|\\[::1\\]|127([.][0-9]+){3})$port" || fail 2 "the endpoint is http to another machine: the token would cross the network in clear text" ;;
  esac
}

# is_like PATTERN: whether host and port of the endpoint match it
is_like() { put "$authority" | grep -Eqi "^$1\$"; }

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

# Where file systems are mounted and of which type they are, with a tab between
mounts() {
  if [ -r /proc/self/mounts ] && [ "$OS" = linux ]; then
    "$AWK" '{ print $2 "\t" $3 }' /proc/self/mounts
  else
    mount | sed -n 's/^.* on \(.*\) (\([A-Za-z0-9._]*\).*$/\1	\2/p'
  fi
}

# Drops accounts whose home is on the network or missing, and says how many
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

# Writes people and what each has to the file people, a line each: UID, NAME, HOME, WORDS
find_people() {
  if [ "$USERS" = all ]; then forget_folders; fi
  if [ "$USERS" = self ]; then
    uid=$self name=$(id -un) home=${HOME-}
    case $home in /?*) ;; *) home=$(people | "$AWK" -F '\t' -v uid="$self" '$1 == uid { print $3 }') ;; esac
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

# owner_of PATH: its owner's number
owner_of() { ls -ldn "$1" 2>/dev/null | "$AWK" '{ print $3 }'; }

# releases: the words that the program LOOK printed
releases() {
  head -c 65536 answer | tr ' ' '\n' | grep -E '^[a-z-]+=(ours|[?]|[0-9]{1,9}([.][0-9]{1,9})+)$' | sort -u | tr '\n' ' '
}

# older A B: whether one release is before another
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

# release_of CLI WORDS...: sets release to the oldest of those found
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

# Accounts of people as lines UID, NAME, HOME with tabs between
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

# Accounts of people as lines UID, NAME, HOME with tabs between
people_linux() {
  {
    if have getent; then
      getent passwd
      for number in $(ls -nd "$ROOT"/home/* 2>/dev/null | "$AWK" '{ print $3 }' | sort -u); do getent passwd "$number" || :; done
    else
      cat "$ROOT/etc/passwd"
    fi
  } 2>/dev/null | "$AWK" -F: '
    seen[$3]++ { next }
    ($3 >= 1000 && $3 < 60000) || ($3 >= 60001 && $3 <= 60513) || $3 >= 65536 {
      if ($7 !~ /\/(nologin|false|sync|halt|shutdown)$/) print $3 "\t" $1 "\t" $6
    }'
}

# What names this machine, as resource attributes
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

# layers CLI WORDS...: which layers matter for whoever has this on the machine
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

# has_record CLI: whether a user's words say that a file of theirs was edited before
has_record() { case $words in *"$1=ours "*) return 0 ;; esac; return 1; }

# ---- Lock and working folder ----

# The number of a process is enough here
is_held() { runs "$2"; }

# When the process with this id started
started() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat <"/proc/$1/stat" || stat=
    set -- ${stat##*\) }
    put "${20-}"
  else
    put "$(ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)"
  fi
}

# runs "PID START": whether the process that a lock names still runs
runs() {
  set -- "${1%% *}" "${1#* }" "$(started "${1%% *}" 2>/dev/null)"
  if [ -n "$3" ]; then [ "$3" = "$2" ]; else kill -0 "$1" 2>/dev/null; fi
}

# take_lock LINK SECONDS: one run at a time
take_lock() {
  me="$$ $(started $$)${table-}"
  waited=0
  unseen=0
  [ ! -d "$1" ] || return 2
  until ln -s "$me" "$1" 2>/dev/null; do
    if clear_lock "$1" || [ -z "$holder" ]; then
      unseen=$((unseen + 1))
      [ "$unseen" -lt 60 ] || return 2
    else
      [ "$waited" -lt "$2" ] || return 1
      waited=$((waited + 1))
      unseen=0
      sleep 1
    fi
  done
  for left in "$1".clear*; do clear_lock "$left"; done || :
  lock=$1
}

# clear_lock LINK: removes a lock whose owner no longer runs
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

# Enters a private working folder, once no other run is at work
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

# leave [CODE]: however the script ends, it prints a report line and leaves no file behind
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

# Not left to the trap on exit: mksh would end with 0
stopped() {
  trap - EXIT
  leave 130
  exit 130
}

# ---- Files ----

# apart COMMAND...: runs it in a session of its own, without our terminal and descriptors above 2
apart() {
  if [ -n "$has_perl" ]; then
    perl -MPOSIX -e 'setsid; opendir D, "/dev/fd"; POSIX::close($_) for grep { $_ > 2 } readdir D; exec @ARGV' "$@"
  else
    setsid "$SH" -c 'for fd in /dev/fd/*; do case ${fd##*/} in [012]) ;; *) eval "exec ${fd##*/}<&-" ;; esac; done; exec "$@"' sh "$@"
  fi
}

# run_as UID NAME PROGRAM ARGUMENTS...: runs one of the programs above as the owner of the files it touches
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

# skip_account UID NAME: the others get their turn
skip_account() {
  stuck="$stuck$1 "
  late=$late${late:+,}$(plain "$2")
  printf 'error: %s: took longer than %s seconds and is skipped\n' "$(plain "$2")" "$LIMIT" >&2
  [ "$worst" -eq 12 ] || worst=11
}

# guard: runs beside us and kills what an account does not end in time
guard() {
  exec </dev/null >/dev/null 2>&1 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
  trap - EXIT INT QUIT TERM HUP
  last='' spent=0
  while sleep 1 && kill -0 $$ && [ -e accounts ]; do
    IFS= read -r now <session || now=
    [ "$now" = "$last" ] || last=$now spent=0
    spent=$((spent + 1))
    if [ -n "$now" ] && [ "$spent" -gt "$LIMIT" ]; then kill -s KILL -- "-$now" || :; fi
  done
  if ! kill -0 $$ && IFS= read -r now <session; then kill -s KILL -- "-$now" || :; fi
}

# take_answer FILE: asks its owner for it
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

# fetch FILE: copies it to old
fetch() {
  take_answer "$1"
  mv rest old
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

# is_loose: whether others than its owner can write the file that was fetched
is_loose() { case $rights in ?????w* | ????????w*) return 0 ;; esac; return 1; }

# is_shared FILE: whether anybody but root can change a folder above it
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

# overruled FILE: whether another file overrides this one
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

# diverted FILE: whether a file beside it, which the CLI can be told to read over it, sets where data goes
diverted() {
  [ -n "$beside" ] || return 1
  run_as "$uid" "$name" "$BESIDE" "${1%/*}" "$beside" "$divert" || return 1
  IFS= read -r other <answer
}

# edit MODE: runs the editor on the file old with a plan or record from standard input
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

# limited COMMAND...: another's file may not keep root busy for long
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

# One row of a plan, for the feature WHEN or always
row() { if [ -z "${4-}" ] || wants "$4"; then put "set$tab$2$tab$1$tab$3" && echo; fi; }
# point_at WORD: sets pointer
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
# kinds TEXT: what values have to be, by lines of a kind and pointers without the slash before them
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

# rival FORMAT HINT PATH WORD...: looks at another file that the CLI in cli reads for the account in uid
rival() {
  format=$1 hint=$2 files=$3
  shift 3
  (IFS= && printf '%s\n' $files) >others
  while IFS= read -r other <&5; do
    result=0
    run_as "$uid" "$name" "$GLANCE" "$other" "$LARGEST" </dev/null || result=$?
    case $stuck in *" $uid "*) rivalled=yes; return 0 ;; esac
    seen=absent
    IFS= read -r seen <answer || :
    tail -c "+$((${#seen} + 2))" answer >old
    if [ "$result" -ne 0 ] || [ -z "$seen" ]; then
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

# has_room: whether the working folder takes more
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
  done | edit same || result=$?
  case $result in
    0) rivalled ;;
    1) case " $* " in *" $cli "*) unmixed; look_open "$cli" "$other" ;; esac ;;
    3) rivalled "$(why_broken)" ;;
    *) parse_error "$cli" "$other" ;;
  esac
}

# look_open CLI FILE: whether the file in old leaves open what comes of ours
look_open() {
  result=0
  opens "$1" | edit same || result=$?
  [ "$result" -eq 3 ] || return 0
  why=$(why_broken)
  printf 'unknown: %s: %s, or it may not start; crossfade doctor there may know more\n' "$(plain "$2")" "${why#parse error }" >&2
  set_state "$1" unknown
}

# Tables of several files are merged, and with two variants of one setting the CLI does not start
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

# rival_of_system FORMAT MACOS LINUX WORD...: the same below /Library or /etc, where there is such a file
rival_of_system() {
  case $OS:$3 in macos:*) at=Library/$2 ;; linux:?*) at=etc/$3 ;; *) return 0 ;; esac
  format=$1
  shift 3
  rival "$format" '' "$ROOT/$at" "$@"
}

# overrides CLI: the file in other does, for all that is set here
overrides() { trouble "$1" "$other" "overrides our file and could take the token elsewhere; remove its telemetry settings"; }

# contradicted CLI LAYER: whether another file of the account in uid leaves open what comes of ours at that layer
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
      if [ "$SCOPE" = user ]; then
        :
        set -- "$text" /otelHeadersHelper CLAUDE_CODE_ENABLE_TELEMETRY OTEL_LOGS_EXPORTER OTEL_METRICS_EXPORTER OTEL_TRACES_EXPORTER OTLP_ENDPOINT OTLP_HEADERS OTLP_PROTOCOL OTLP_LOGS_ENDPOINT OTLP_LOGS_HEADERS OTLP_LOGS_PROTOCOL OTLP_METRICS_ENDPOINT OTLP_METRICS_HEADERS OTLP_METRICS_PROTOCOL OTLP_TRACES_ENDPOINT OTLP_TRACES_HEADERS OTLP_TRACES_PROTOCOL
        rival_of_system json 'Application Support/ClaudeCode/managed-settings.json' claude-code/managed-settings.json "$@"
        rival_of_system json 'Application Support/ClaudeCode/managed-settings.d/*.json' 'claude-code/managed-settings.d/*.json' "$@"
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
      set -- "$text"
      rival_of_system json 'Application Support/ClaudeCode/managed-settings.json' claude-code/managed-settings.json "$@"
      rival_of_system json 'Application Support/ClaudeCode/managed-settings.d/*.json' 'claude-code/managed-settings.d/*.json' "$@"
      ;;
    codex-user)
      set -- '(OTEL_[BE]|SSL_CERT_)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      set -- codex
      rival toml '' "$folder"'/*.config.toml' "$@"
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
      rival toml '' "$ROOT"/etc/codex/config.toml "$@"
      rival toml '' "$ROOT"/etc/codex/managed_config.toml "$@"
      ;;
    gemini-user)
      set -- 'GEMINI_(SANDBOX|TELEMETRY_[A-Z_]+)' 'OTEL_(B|E|SDK)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      rival dotenv '' "$home"/.env "$@"
      if [ "$SCOPE" = user ]; then
        :
        set -- /telemetry gemini
        rival_of_system jsonc 'Application Support/GeminiCli/settings.json' gemini-cli/settings.json "$@"
        set -- gemini
        rival_of_system jsonc 'Application Support/GeminiCli/system-defaults.json' gemini-cli/system-defaults.json "$@"
      fi
      ;;
    gemini-system)
      set -- gemini
      rival jsonc '' "$folder"/settings.json "$@"
      set -- 'GEMINI_(SANDBOX|TELEMETRY_[A-Z_]+)' 'OTEL_(B|E|SDK)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      rival dotenv '' "$home"/.env "$@"
      set -- gemini
      rival_of_system jsonc 'Application Support/GeminiCli/system-defaults.json' gemini-cli/system-defaults.json "$@"
      ;;
    qwen-code-user)
      set -- 'QWEN_(SANDBOX|TELEMETRY_[A-Z_]+)' 'OTEL_(B|E|SDK)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      rival dotenv '' "$home"/.env "$@"
      if [ "$SCOPE" = user ]; then
        :
        text='=OTEL_[BS]|OTLP[A-Z_]*TIMEOUT'
        set -- "$text" /telemetry QWEN_TELEMETRY_ENABLED QWEN_TELEMETRY_OUTFILE QWEN_TELEMETRY_TARGET QWEN_TELEMETRY_OTLP_ENDPOINT QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT OTLP_ENDPOINT OTLP_LOGS_ENDPOINT OTLP_METRICS_ENDPOINT OTLP_TRACES_ENDPOINT OTLP_HEADERS OTLP_LOGS_HEADERS OTLP_METRICS_HEADERS QWEN_TELEMETRY_OTLP_PROTOCOL qwen-code
        rival_of_system jsonc 'Application Support/QwenCode/settings.json' qwen-code/settings.json "$@"
        shift 2
        set -- "$text" /telemetry/otlpLogsEndpoint /telemetry/otlpMetricsEndpoint "$@"
        rival_of_system jsonc 'Application Support/QwenCode/system-defaults.json' qwen-code/system-defaults.json "$@"
      fi
      ;;
    qwen-code-system)
      set -- 'QWEN_(SANDBOX|TELEMETRY_[A-Z_]+)' 'OTEL_(B|E|SDK)[A-Z_]+'
      rival dotenv '' "$folder"/.env "$@"
      rival dotenv '' "$home"/.env "$@"
      text='=OTEL_[BS]|OTLP[A-Z_]*TIMEOUT'
      set -- "$text" /telemetry/otlpLogsEndpoint /telemetry/otlpMetricsEndpoint QWEN_TELEMETRY_ENABLED QWEN_TELEMETRY_OUTFILE QWEN_TELEMETRY_TARGET QWEN_TELEMETRY_OTLP_ENDPOINT QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT QWEN_TELEMETRY_OTLP_TRACES_ENDPOINT OTLP_ENDPOINT OTLP_LOGS_ENDPOINT OTLP_METRICS_ENDPOINT OTLP_TRACES_ENDPOINT OTLP_HEADERS OTLP_LOGS_HEADERS OTLP_METRICS_HEADERS QWEN_TELEMETRY_OTLP_PROTOCOL qwen-code
      rival jsonc '' "$folder"/settings.json "$@"
      rival_of_system jsonc 'Application Support/QwenCode/system-defaults.json' qwen-code/system-defaults.json "$@"
      ;;
  esac
  [ -n "$rivalled" ]
}

# live_token CLI: sets live to the token in the file old, or to nothing
live_token() {
  live='' result=0
  token_pointers "$1" | edit get || result=$?
  if [ "$result" -eq 0 ]; then live=$(sed -n "s/^[^$tab]*${tab}string$tab//p" new | sed -n '1s|^.*[ =/]||p'); fi
}

# token_in_use CLI FILE: the same, or the token in the file that the header program reads
token_in_use() {
  live_token "$1"
  if [ "$result" -le 1 ] && [ -n "$secret" ]; then
    fetch "$secret"
    live=$(cat old)
    fetch "$2"
  fi
}

# is_open LAYER: whether the file that was fetched is one account's, holds the token, and others can read it
is_open() {
  [ "$1" = user ] && [ "$fetched" = ok ] && [ -z "$secret" ] || return 1
  case $rights in ????------) return 1 ;; esac
}

# compare_file CLI LAYER FILE: with what it should hold for the token that is in it
compare_file() {
  token_in_use "$1" "$3"
  if [ "$result" -gt 1 ]; then
    parse_error "$1" "$3"
    return 0
  fi
  print=
  if [ -n "$live" ]; then
    print=$(fingerprint "$live")
    seen_token "$print"
  fi
  token=$live
  result=0
  plan "$1" "$2" | edit same || result=$?
  token=
  if [ "$result" -gt 1 ]; then
    parse_error "$1" "$3"
  elif [ "$result" -eq 1 ] && [ -n "$live" ] && ! is_open "$2" && [ "${EXPECT:-$print}" = "$print" ]; then
    set_state "$1" ok
  else
    set_state "$1" drift
  fi
}

# header_program CLI yes|no: with the option, the program that prints the header, and the token file it reads
header_program() {
  secret=
  [ -n "$program_folder" ] || return 0
  helper=$program_folder/crossfade-header
  if [ "$2" = yes ] && wants helper; then
    case $helper in *[!A-Za-z0-9._/@-]*) fail 11 "the header program cannot be in a folder with such a name; run this with no-helper" ;; esac
    secret=$program_folder/crossfade-token
  fi
}

# ---- Background processes ----

# Processes that outlive a session: lines UID, when it started (Unix time), id, program
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

# look_at_daemon CLI FILE [FOLDER]: whether the user in uid has a process older than the last change of the file, or with variables that go before it
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
    set_state "$1" stale
    return 0
  done 4<"daemons-$1"
}

# ---- The work ----

# handle_file CLI LAYER FILE yes|no: sees to it that one file holds what it should, or nothing of ours
handle_file() {
  if [ "$2" = system ] && is_shared "$3"; then fetched=shared records=0; else fetch "$3"; fi
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
    report) if [ "$4" = yes ]; then compare_file "$1" "$2" "$3"; fi ;;
  esac
  case $ACTION-$4-$fetched-$result in install-yes-ok-[01] | report-yes-ok-[01]) look_open "$1" "$3" ;; esac
}

# for_machine CLI yes|no: the layer of the machine
for_machine() {
  uid=0 name=root
  system_file "$1"
  program_folder=$header_folder program_mode=0644 mode=0644
  if [ -n "$program_folder" ] && is_shared "$program_folder/x"; then program_folder=; fi
  header_program "$1" "$2"
  handle_file "$1" system "$file" "$2"
}

# for_user CLI yes|no: the layer of the user in uid, name and home
for_user() {
  case $stuck in *" $uid "*) return 0 ;; esac
  user_file "$1"
  program_folder=${header_folder:+$folder} program_mode=0600 mode=0600
  header_program "$1" "$2"
  handle_file "$1" user "$folder/$file" "$2"
}

handle_clis() {
  for cli in $CLIS; do
    daemon "$cli"
    if [ -n "$needle" ]; then daemons >"daemons-$cli"; fi
    wanted_here=no
    while IFS=$tab read -r uid name home words <&3; do
      layers "$cli" $words
      if [ "$in_system" = yes ]; then wanted_here=yes; fi
    done 3<people
    layers "$cli" $machine
    if [ "$in_system" = yes ]; then wanted_here=yes; fi
    if [ "$self" -eq 0 ] && { [ "$USERS" = all ] || [ "$SCOPE" = system ]; }; then for_machine "$cli" "$wanted_here"; fi
    while IFS=$tab read -r uid name home words <&3; do
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
  MAY_WRITE=no
  check_machine
  if wants host; then machine_name=$(identity); fi
  enter
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
