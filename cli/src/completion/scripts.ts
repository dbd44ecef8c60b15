/**
 * What a shell loads: each script asks `obsyk complete-words` for candidates, one a line, `value<TAB>description`.
 *
 * @module
 */

const bash = `# bash completion for obsyk: source <(obsyk completion bash)
_obsyk() {
  COMPREPLY=()
  local candidate rest
  while IFS=$'\\t' read -r candidate rest; do
    COMPREPLY+=("$candidate")
  done < <(obsyk complete-words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _obsyk obsyk
`;

const zsh = `#compdef obsyk
# zsh completion for obsyk: source <(obsyk completion zsh), after compinit
_obsyk() {
  local -a candidates
  local candidate description
  while IFS=$'\\t' read -r candidate description; do
    candidates+=("\${candidate//:/\\\\:}:\${description}")
  done < <(obsyk complete-words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} )); then
    _describe -t candidates obsyk candidates
  else
    _files
  fi
}
compdef _obsyk obsyk
`;

const fish = `# fish completion for obsyk: obsyk completion fish | source
function __obsyk_candidates
  set -l words (commandline -opc)
  set -l found (obsyk complete-words -- $words[2..] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c obsyk -f -a '(__obsyk_candidates)'
`;

export const completionScripts: { readonly [shell: string]: string } = { bash, zsh, fish };
