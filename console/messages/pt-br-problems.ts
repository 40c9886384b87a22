/** Sentences for what went wrong, by the words the server uses. */
import type { CameraCause } from "#lib/wire/agent.ts";
import type { TileCause } from "#console/live/tile-state.ts";

type Params = Record<string, string | number | boolean>;
export type Sentence = string | ((params: Params) => string);

export const causes: Record<NonNullable<TileCause> | CameraCause, string> = {
  name_not_found: "nome da câmera não encontrado na rede",
  refused: "a câmera recusou a conexão (porta fechada)",
  unreachable: "a câmera não está na rede",
  no_answer: "a câmera não responde",
  not_rtsp: "o endereço responde, mas não é RTSP",
  wrong_password: "usuário ou senha errados",
  not_allowed: "endereço fora das redes permitidas ao agente",
  no_video: "a câmera não oferece vídeo",
  codec: "codec não suportado",
  silent: "a câmera parou de enviar imagens",
  repeating: "a câmera repete a mesma imagem",
  no_key_frames: "a câmera não envia quadros-chave",
  recorder: "o gravador falhou",
  disk_reserve: "disco cheio: reserva atingida",
  stopped_by_operator: "parada pelo operador",
  agent_away: "o agente do local está sem ligação",
  console: "esta estação está sem ligação com o servidor",
  inactive: "câmera desativada",
  no_address: "câmera sem endereço de vídeo",
  undecodable: "este navegador não decodifica o vídeo da câmera",
  forbidden: "seu papel não permite ver ao vivo",
};

/** By `code`; a `reason` below says it better. */
const codes: Record<string, Sentence> = {
  malformed: "O pedido tem um campo inválido.",
  unauthorized: "Entre de novo para continuar.",
  forbidden: "Seu papel não permite esta ação.",
  not_found: "Não foi encontrado. Pode ter sido removido.",
  conflict: "O pedido conflita com o que já existe.",
  precondition_failed: "Alguém mudou isto enquanto você editava. Recarregue e tente de novo.",
  too_large: "É grande demais.",
  unsupported_media: "Formato não aceito.",
  invalid: "Um dos valores não serve.",
  too_many: ({ seconds }) =>
    seconds ? `Muitos pedidos. Tente de novo em ${seconds} s.` : "Muitos pedidos. Aguarde um pouco.",
  unavailable: "O sistema está sobrecarregado ou sem uma de suas partes. Tente de novo em instantes.",
  internal: "Algo falhou no servidor.",
  final: "O servidor recusou o pedido em definitivo.",
  unreachable: "O servidor não responde. Verifique a rede desta estação.",
};

const reasons: Record<string, Sentence> = {
  "access.all_cities": "Esta ação pede um papel que valha em todas as cidades.",
  "access.permission": "Seu papel não permite esta ação.",
  "plate.corrected_meanwhile": "Outra pessoa acabou de corrigir esta leitura. Confira antes de gravar.",
  "plate.characters": "Uma placa tem de 2 a 8 letras e números.",
  "alert.acknowledged": "Outra pessoa já reconheceu este alerta.",
  "camera.agent_needed": "Escolha o agente que alcança a câmera.",
  "camera.no_address": "Esta câmera não tem endereço de vídeo.",
  "camera.url_scheme": "O endereço deve começar com rtsp:// ou rtsps://",
  "camera.url_form":
    "O endereço não pode ser lido. Caracteres especiais na senha devem vir codificados (por exemplo @ como %40).",
  "clip.nothing_recorded": "Nada foi gravado neste intervalo.",
  "clip.not_ready": "O recorte ainda não está pronto.",
  "link.not_valid": "Este link não vale mais: já foi usado, venceu ou está incompleto.",
  "link.other_email": "Este link é de outro e-mail.",
  "password.guessable": "Esta senha é fácil de adivinhar. Use outra frase.",
  "plate.form": "A placa deve ter o formato ABC1234 ou ABC1D23.",
  "plate.pattern_pairs": "Informe pelo menos dois caracteres vizinhos da placa.",
  "plate.pattern_stars": "Use um único * na busca.",
  "plate.pattern_form": "A placa tem no máximo 7 caracteres: letras, números, ? e *.",
  "plate.pattern_short": "Faltam caracteres: use ? para cada um desconhecido ou * para vários.",
  "purpose.reference_required": "Esta finalidade pede o número do processo ou ofício.",
  "recording.not_running": "A gravação já estava parada.",
  "role.name_taken": "Já existe um papel com este nome.",
  "session.ended": "Sua sessão terminou. Entre de novo.",
  "sign_in.busy": "Muitas entradas ao mesmo tempo. Tente de novo em instantes.",
  "sign_in.too_many": "Muitas tentativas. Aguarde alguns minutos.",
  "sign_in.wrong": "E-mail ou senha errados.",
  "outbox.full": "Há mensagens demais à espera do servidor de mensagens. Nada foi alterado; tente mais tarde.",
  "storage.full": "O disco do servidor está cheio.",
  "user.email_taken": "Já existe um usuário com este e-mail.",
  "user.other_cities": "Este usuário também tem papéis em cidades que você não administra.",
  "user.unknown": "Não existe este usuário nas suas cidades.",
  "user.yourself": "Ninguém pode fazer isso consigo mesmo. Peça a outra pessoa que administra usuários.",
  "watchlist.name_taken": "Já existe uma lista com este nome.",
  "watchlist_entry.expires_at": "O vencimento deve ser futuro e de no máximo um ano.",
  "window.empty": "O fim deve vir depois do início.",
  "window.too_long": ({ seconds }) =>
    `O intervalo é longo demais: no máximo ${Math.round(Number(seconds) / 60)} minutos.`,
};

/** Beside a field, by the `code` of `errors[]`. */
const fields: Record<string, string> = {
  required: "Preencha este campo",
  too_small: "Curto demais",
  too_big: "Longo demais",
  invalid_format: "Formato inválido",
  invalid_type: "Formato inválido",
  invalid_value: "Escolha um dos valores",
  guessable: "Fácil de adivinhar",
};

export const problems = { codes, reasons, fields, field: "Valor inválido" };
