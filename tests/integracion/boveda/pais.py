"""Un despliegue entero en un proceso, con su bóveda y dos instituciones que piden por el bus."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contratos.acuse import Resultado
from contratos.base import Mandato
from contratos.solicitudes.coordinacion import InscribirInstitucion
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.listas import ServicioPedido
from eventos.tipos import NivelRiesgo, SiNo
from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from infra.seguridad import base64url
from infra.seguridad.boveda.ficha import cerrar_deposito
from infra.seguridad.boveda.politica import Base, Finalidad, Titulo
from infra.seguridad.boveda.puertos import Quien
from senda import boveda as de_senda
from senda.cliente import Credencial, componer
from senda.embebido import estrenar, reabrir
from tests.integracion.boveda.mundo import FICHA

LUNES = datetime(2026, 1, 5, 8, tzinfo=UTC)
RELATO = "Lo que contó quien la vio: no se lee sin su clave"
UNA, OTRA = Quien("GT-SVET", "ag-0000000c"), Quien("GT-SVET", "ag-000000cc")
ONG = Quien("GT-ONG", "ag-0000000a")
MANDATOS_ONG = (
    Mandato.DETECCION, Mandato.IDENTIFICACION, Mandato.PROTECCION_NNA, Mandato.ATENCION, Mandato.PERSECUCION_PENAL,
)  # fmt: skip


class Pais:
    """Los seis servicios y la bóveda. La rectora es GT-SVET; GT-ONG puede casi todo."""

    def __init__(self, carpeta, base=None, llavero=None, prefijo="", **montar):
        self.carpeta, self.azar, self.reloj = carpeta, AzarSembrado(11), RelojSimulado(LUNES)
        self.credenciales = {c: Credencial.generar(c, self.azar.hijo(c)) for c in ("GT-SVET", "GT-ONG")}
        rectora = self.credenciales["GT-SVET"]
        self.sistema = estrenar(carpeta, rectora, self.reloj, self.azar, base=base, llavero=llavero, prefijo=prefijo)
        self.enlace = self.sistema.enlace()
        de_senda.instalar(carpeta, None, self.azar.hijo("instalar-boveda"))
        self.almacenes = {nombre: e.almacen for nombre, e in self.sistema.estaciones.items()}
        self._montar_boveda(**montar)
        self.sistema.planificador.hasta_reposo()
        self.privadas = {c: X25519PrivateKey.from_private_bytes(self.azar.bytes(32)) for c in self.credenciales}
        self._inscribir_en_directorio("GT-ONG")
        for codigo in self.privadas:
            self._inscribir_en_boveda(codigo)

    @classmethod
    def reabierto(cls, carpeta, antes, azar):
        """El mismo despliegue en otra carpeta, sobre las bases que su archivo diga, con otro azar y el bus vacío."""
        pais = cls.__new__(cls)
        pais.carpeta, pais.azar, pais.reloj = carpeta, azar, RelojSimulado(antes.reloj.ahora())
        pais.credenciales, pais.privadas = dict(antes.credenciales), dict(antes.privadas)
        pais.sistema = reabrir(carpeta, pais.reloj, azar)
        pais.enlace = pais.sistema.enlace()
        pais.almacenes = {nombre: e.almacen for nombre, e in pais.sistema.estaciones.items()}
        pais._montar_boveda()
        return pais

    def _montar_boveda(self, **montar):
        self.montada = de_senda.abrir(self.sistema.montaje, self.reloj, self.sistema.llavero, self.almacenes, **montar)
        self.boveda, self.destruccion = self.montada.boveda, self.montada.destruccion

    def inscribir(self, codigo):
        """Una institución más, con los mandatos de GT-ONG."""
        self.credenciales[codigo] = Credencial.generar(codigo, self.azar.hijo(codigo))
        self.privadas[codigo] = X25519PrivateKey.from_private_bytes(self.azar.bytes(32))
        self._inscribir_en_directorio(codigo)
        self._inscribir_en_boveda(codigo)

    def _inscribir_en_directorio(self, codigo):
        self.pedir(
            UNA,
            InscribirInstitucion(
                codigo=codigo, pais="gt", mandatos_inscritos=MANDATOS_ONG, servicios=(ServicioPedido.PSICOSOCIAL,),
                cobertura=("GT",), clave_firma=self.credenciales[codigo].publica,
            ),
        )  # fmt: skip

    def _inscribir_en_boveda(self, codigo):
        publica = self.privadas[codigo].public_key().public_bytes_raw()
        self.boveda.inscribir_clave(codigo, base64url.a_texto(publica))

    def intentar(self, quien, peticion):
        """El acuse de una petición, tras dejar que todo llegue a reposo."""
        recepcion = self.sistema.despliegue.recepcion[peticion.servicio]
        credencial = self.credenciales[quien.institucion]
        compuesta = componer(peticion, credencial, quien.agente, self.reloj.ahora(), recepcion, self.azar)
        return self.mandar(quien.institucion, compuesta)

    def mandar(self, institucion, compuesta):
        """El acuse de una solicitud ya firmada."""
        assert self.enlace.enviar([compuesta]) == [True]
        for _ in range(200):
            self.sistema.planificador.hasta_reposo()
            for acuse in self.enlace.acuses(institucion):
                if acuse.id == compuesta.id:
                    return acuse
            self.reloj.adelantar_hasta(self.sistema.proximo() or self.reloj.ahora())
        raise AssertionError("sin acuse")

    def asentar(self):
        """Deja pasar un minuto: lo que otro proceso escribió en una base se nota al mirar, no por aviso."""
        for _ in range(6):
            self.reloj.adelantar(timedelta(seconds=10))
            self.sistema.planificador.hasta_reposo()

    def pedir(self, quien, peticion):
        acuse = self.intentar(quien, peticion)
        assert acuse.resultado is Resultado.ACEPTADA, acuse
        return acuse.eventos

    def detectar(self) -> UUID:
        [hecho, *_] = self.pedir(
            ONG,
            DetectarPresuntaVictima(
                nna=SiNo.NO, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.ALTO, pais_deteccion="gt",
                relato=RELATO,
            ),
        )  # fmt: skip
        return UUID(hecho.sujeto)

    def cerrar_deposito(self, ruta, ficha=FICHA):
        publica = X25519PrivateKey.from_private_bytes((self.carpeta / "boveda" / "recepcion").read_bytes()).public_key()
        return cerrar_deposito(ruta, ficha, publica, self.azar)

    def depositar(self, ruta):
        titulo = Titulo(base=Base.MANDATO, referencia=ruta, finalidades=frozenset({Finalidad.PROTECCION_NNA}))
        self.boveda.depositar(ONG, ruta, self.cerrar_deposito(ruta), titulo)

    def en_disco(self):
        return {str(a.relative_to(self.carpeta)): a.read_bytes() for a in self.carpeta.rglob("*") if a.is_file()}

    def cerrar(self):
        self.sistema.cerrar()
        self.boveda.cerrar()
