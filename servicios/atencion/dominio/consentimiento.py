"""El consentimiento: quién lo da, para qué, a quién alcanza y qué deja de valer cuando se revoca (reglas 2 y 7).

Se mira el instante en que ocurrió lo que se cuenta, no el de contarlo: lo hecho con consentimiento sigue siéndolo
aunque se registre después de una revocación. Las fechas sin hora se comparan con el día de ese instante en la zona que
trae: quien llama lo da en la hora oficial del país, y lo que vence un día vale hasta que allí acaba.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from eventos.atencion import Alcance, ConsentimientoOtorgado, ConsentimientoRevocado
from eventos.listas import QuienConsiente, ServicioPedido
from eventos.rechazo import Rechazo
from servicios.atencion.dominio.ruta import Atencion

#: Quién consiente por sí o con apoyo, y quién por una NNA (regla 2). Un adulto no tiene quien consienta en su lugar.
ADULTA = frozenset({QuienConsiente.PERSONA, QuienConsiente.APOYO_DESIGNADO})
NNA = frozenset({QuienConsiente.REPRESENTANTE_LEGAL, QuienConsiente.AUTORIDAD_NINEZ})

#: Lo que protege, alimenta, informa o avisa no espera a un consentimiento: se da siempre.
SIN_CONSENTIMIENTO = frozenset(
    {
        ServicioPedido.ATENCION_INMEDIATA,
        ServicioPedido.ALIMENTACION,
        ServicioPedido.SEGURIDAD,
        ServicioPedido.PROTECCION_NNA,
        ServicioPedido.MEDIDA_PROTECCION,
        ServicioPedido.AUTORIZACION_PROTECCION,
        ServicioPedido.INTERPRETACION,
        ServicioPedido.INFORMACION,
        ServicioPedido.COORDINACION,
    }
)
_POR_OMISION = frozenset({Alcance.ATENCION})
_ALCANCES: dict[ServicioPedido, frozenset[Alcance]] = {
    ServicioPedido.SALUD: frozenset({Alcance.ATENCION, Alcance.EXAMEN_MEDICO}),
    ServicioPedido.SALUD_SEXUAL: frozenset({Alcance.ATENCION, Alcance.EXAMEN_MEDICO}),
    ServicioPedido.LOCALIZACION_FAMILIAR: frozenset({Alcance.CONTACTO_FAMILIAR}),
    ServicioPedido.ASISTENCIA_CONSULAR: frozenset({Alcance.CONTACTO_CONSULAR}),
}


class SinAlcance(Rechazo):
    """Un consentimiento para nada."""

    codigo = "consentimiento-sin-alcance"
    campo = "datos.alcances"
    que_hacer = "Di para qué consiente la persona."


class IdiomaSinConstar(Rechazo):
    """No se sabe en qué idioma se le explicó."""

    codigo = "consentimiento-sin-idioma"
    campo = "datos.idioma"
    que_hacer = "Di en qué idioma se le explicó; sin explicación que comprenda no hay consentimiento."


class FaltaRepresentacion(Rechazo):
    """Es NNA y no lo da su representación."""

    codigo = "falta-representacion-legal"
    campo = "datos.por"
    que_hacer = "Por una NNA consiente su representación legal o la autoridad de niñez, y se la oye."


class ConsentimientoAjeno(Rechazo):
    """Es adulta y otro consiente en su lugar."""

    codigo = "consentimiento-ajeno"
    campo = "datos.por"
    que_hacer = "Una persona adulta consiente por sí misma, con apoyo si lo designó; nadie en su lugar."


class FaltaOirla(Rechazo):
    """Decide otro sin oír a la persona."""

    codigo = "falta-oir-a-la-persona"
    campo = "datos.persona_oida"
    que_hacer = "Oye antes a la persona, según su edad y madurez, y vuelve a pedirlo."


class FechaPasada(Rechazo):
    """La fecha ya pasó cuando ocurrió lo que se cuenta."""

    codigo = "fecha-pasada"
    campo = "datos"
    que_hacer = "Da una fecha límite que no sea anterior al día en que ocurrió lo que cuentas."


class ConsentimientoDesconocido(Rechazo):
    """No consta, o ya se revocó."""

    codigo = "consentimiento-desconocido"
    campo = "datos.consentimiento"
    que_hacer = (
        "Toma el id del consentimiento de esta ruta que sigue vigente; si ya se revocó, no hace falta repetirlo."
    )


class SinConsentimiento(Rechazo):
    """Nada vigente ampara esto."""

    codigo = "sin-consentimiento"
    campo = "datos.ruta"
    que_hacer = (
        "Pide a la persona su consentimiento para esto y para tu institución, y regístralo con otorgar-consentimiento. "
        "La atención inmediata y la protección no lo exigen."
    )


class Consentimiento(Struct, frozen=True, kw_only=True):
    """Un consentimiento y entre qué instantes (UTC) vale; ``vence`` es el último día."""

    id: UUID
    alcances: frozenset[Alcance]
    destinatarias: frozenset[str]
    desde: datetime
    revocado: datetime | None
    vence: date | None

    def ampara(self, alcances: frozenset[Alcance], institucion: str, instante: datetime) -> bool:
        """Si vale entonces (en hora oficial), para alguno de esos alcances y para esa institución."""
        return (
            self.desde <= instante
            and (self.revocado is None or instante < self.revocado)
            and (self.vence is None or instante.date() <= self.vence)
            and bool(self.alcances & alcances)
            and (not self.destinatarias or institucion in self.destinatarias)
        )


def consentimientos(atencion: Atencion) -> list[Consentimiento]:
    """Los que constan en una ruta, revocados o no."""
    revocados = {hecho.consentimiento: anotado.ocurrido for anotado, hecho in atencion.de(ConsentimientoRevocado)}
    return [
        Consentimiento(
            id=hecho.consentimiento,
            alcances=frozenset(hecho.alcances),
            destinatarias=frozenset(hecho.destinatarias),
            desde=anotado.ocurrido,
            revocado=revocados.get(hecho.consentimiento),
            vence=hecho.vence,
        )
        for anotado, hecho in atencion.de(ConsentimientoOtorgado)
    ]


def otorgar(otorgado: ConsentimientoOtorgado, *, nna: bool, dia: date) -> ConsentimientoOtorgado:
    """Anota un consentimiento. ``dia``: cuándo se dio.

    Errores: `SinAlcance`, `IdiomaSinConstar`, `FaltaRepresentacion`, `ConsentimientoAjeno`, `FaltaOirla`,
    `FechaPasada`.
    """
    if not otorgado.alcances:
        raise SinAlcance
    if otorgado.idioma == "und":
        raise IdiomaSinConstar
    exigir_quien_decide(otorgado.por, persona_oida=otorgado.persona_oida, nna=nna)
    exigir_futura(otorgado.vence, dia)
    return otorgado


def revocar(atencion: Atencion, revocado: ConsentimientoRevocado, *, nna: bool) -> ConsentimientoRevocado:
    """Revoca un consentimiento y solo ese: los demás, la estancia y lo ya recibido siguen (regla 7).

    La persona puede siempre, también si es NNA. Errores: `ConsentimientoDesconocido`, `ConsentimientoAjeno`.
    """
    if not any(c.id == revocado.consentimiento and c.revocado is None for c in consentimientos(atencion)):
        raise ConsentimientoDesconocido
    if revocado.por not in (NNA | ADULTA if nna else ADULTA):
        raise ConsentimientoAjeno
    return revocado


def exigir_consentimiento(
    atencion: Atencion, servicio: ServicioPedido, *, institucion: str, instante: datetime
) -> None:
    """Para lo que no es urgente: un consentimiento vigente entonces, con alcance. Error: `SinConsentimiento`."""
    if servicio in SIN_CONSENTIMIENTO:
        return
    alcances = _ALCANCES.get(servicio, _POR_OMISION)
    if not any(c.ampara(alcances, institucion, instante) for c in consentimientos(atencion)):
        raise SinConsentimiento


def exigir_quien_decide(por: QuienConsiente, *, persona_oida: bool, nna: bool) -> None:
    """Regla 2. Errores: `FaltaRepresentacion`, `ConsentimientoAjeno`, `FaltaOirla`."""
    if nna and por not in NNA:
        raise FaltaRepresentacion
    if not nna and por not in ADULTA:
        raise ConsentimientoAjeno
    if por is not QuienConsiente.PERSONA and not persona_oida:
        raise FaltaOirla


def exigir_futura(fecha: date | None, dia: date) -> None:
    """Que una fecha límite, si la hay, no sea anterior a ``dia``. Error: `FechaPasada`."""
    if fecha is not None and fecha < dia:
        raise FechaPasada
