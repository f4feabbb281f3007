"""Un libro exportado, escrito a mano byte a byte: lo que el verificador lee sale de aquí y no de quien lo exporta.

Quien escribe tiene todas las claves, como quien opera el sistema: así una prueba puede mentir con firmas verdaderas.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zipfile import ZipFile, ZipInfo

from tests.unidad.verificador.piezas import (
    CERO,
    COMIENZO,
    COORDINACION,
    DETECCION,
    INSTITUCIONES,
    JUSTICIA,
    MP,
    ORIGENES,
    PNC,
    RECTORA,
    SISTEMA,
    TESTIGOS,
    b64,
    b64url,
    clave,
    compacto,
    consistencia,
    empaquetar,
    hoja,
    inclusion,
    jws,
    poner,
    publica,
    punto,
    raiz,
    refrendar,
    ruta_de,
    teselas,
)


def tipo_de(origen: str) -> str:
    return f"senda.{origen[4:]}.algo-hecho.v1"


@dataclass
class Escribano:
    """Va escribiendo un libro; ``escribir`` lo deja en un directorio."""

    variante: str = ""
    entradas: list[bytes] = field(default_factory=list)
    ultimos: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    versiones: dict[tuple[str, str], int] = field(default_factory=dict)
    #: Por huella, la fila de `solicitudes/`; y de cada entrada, qué huella lleva.
    filas: dict[str, dict[str, str]] = field(default_factory=dict)
    causas: list[str] = field(default_factory=list)
    puntos: list[str] = field(default_factory=list)
    cabeceras: list[str] = field(default_factory=list)
    accesos: list[dict[str, Any]] = field(default_factory=list)
    punto: str = ""

    @property
    def ahora(self) -> datetime:
        return COMIENZO + timedelta(seconds=len(self.entradas))

    @property
    def hojas(self) -> list[bytes]:
        return [hoja(e) for e in self.entradas]

    def datos(self, data: dict[str, Any] | None) -> dict[str, Any]:
        return {"nota": self.variante} if data is None else data

    def anotar(self, origen: str, cuerpo: bytes, causa: str = "") -> None:
        """Una entrada más, con los bytes que sean."""
        posicion, anterior = self.ultimos.get(origen, (0, CERO))
        entrada = f"{origen}\n{posicion + 1}\n{anterior.hex()}\n".encode() + cuerpo
        self.entradas.append(entrada)
        self.ultimos[origen] = posicion + 1, hoja(entrada)
        self.causas.append(causa)

    def id(self, origen: str) -> str:
        """El id que llevará el próximo hecho de un origen."""
        return str(uuid5(NAMESPACE_URL, f"{self.variante}{origen}/{self.ultimos.get(origen, (0, CERO))[0] + 1}"))

    def hecho(
        self, origen: str, institucion: str = SISTEMA, *, tipo: str = "", causa: str = "", sujeto: str = "ruta-1",
        data: dict[str, Any] | None = None, agente: str = "ag-1", **mas: Any,
    ) -> str:  # fmt: skip
        id_ = self.id(origen)
        self.versiones[origen, sujeto] = version = self.versiones.get((origen, sujeto), 0) + 1
        sobre = {
            "specversion": "1.0", "id": id_, "source": origen, "type": tipo or tipo_de(origen),
            "subject": sujeto, "institucion": institucion, "agente": agente,
            "agregado": sujeto, "version": version,
            "registrado": f"{self.ahora:%Y-%m-%dT%H:%M:%SZ}",
            "solicitud": causa, "data": self.datos(data),
        }  # fmt: skip
        self.anotar(origen, compacto(sobre | mas), causa)
        return id_

    def pedir(
        self, origen: str, institucion: str, *, hechos: int = 1, tipo: str = "", sujeto: str = "ruta-1",
        data: dict[str, Any] | None = None, firma_de: str = "", kid: str = "", servicio: str = "", cuerpo: bytes = b"",
        atribuida_a: str = "", agente: str = "ag-1", calla: bool = False, acuse_de: str = "",
        **mas: Any,
    ) -> str:  # fmt: skip
        """Una solicitud firmada, los hechos que causa y su acuse; lo demás, maneras de mentir. Devuelve la huella."""
        servicio = servicio or origen.rpartition("/")[2]
        id_ = str(uuid5(NAMESPACE_URL, f"solicitud/{len(self.entradas)}"))
        cuerpo = cuerpo or compacto(
            {"id": id_, "institucion": institucion, "agente": "ag-1", "datos": self.datos(data)}
        )
        huella_ = sha256(cuerpo).hexdigest()
        quien = atribuida_a or institucion
        ids = [
            self.hecho(origen, quien, tipo=tipo, causa=huella_, sujeto=sujeto, data=data, agente=agente, **mas)
            for _ in range(hechos)
        ]
        dicho = {"tipo": tipo or tipo_de(origen), "sujeto": sujeto, "datos": self.datos(data)}
        acuse = compacto(
            {
                "huella": huella_, "origen": origen, "resultado": "aceptada", "posicion": self.ultimos[origen][0],
                "eventos": [{"id": i, **dicho} for i in ids[calla:]],
            }
        )  # fmt: skip
        self.filas[huella_] = {
            "huella": huella_, "firma": jws(cuerpo, firma_de or institucion, kid or institucion, servicio, id_),
            "cuerpo": b64(cuerpo), "acuse": b64(acuse),
            "firma_acuse": jws(acuse, acuse_de or origen, origen, "acuses", id_),
        }  # fmt: skip
        return huella_

    def inscribir(self, codigo: str, por: str = RECTORA, *, de: str = "", firma_de: str = "", pide: str = "") -> str:
        """La rectora (o quien se diga) inscribe a una institución con la clave ``de``."""
        data = {"codigo": codigo, "clave_firma": b64url(publica(de or codigo))}
        pedido = compacto(
            {
                "id": str(uuid5(NAMESPACE_URL, f"solicitud/{len(self.entradas)}")),
                "institucion": por,
                "agente": "ag-1",
                "datos": data | ({"clave_firma": b64url(publica(pide))} if pide else {}),
            }
        )  # fmt: skip
        tipo = "senda.coordinacion.institucion-inscrita.v1"
        return self.pedir(COORDINACION, por, tipo=tipo, sujeto=codigo, data=data, cuerpo=pedido, firma_de=firma_de)

    def inscribir_por_el_sistema(self, codigo: str, de: str = "") -> None:
        data = {"codigo": codigo, "clave_firma": b64url(publica(de or codigo))}
        self.hecho(COORDINACION, tipo="senda.coordinacion.institucion-inscrita.v1", sujeto=codigo, data=data)

    def cabecera(
        self, origen: str, *, posicion: int = 0, hoja_: bytes = b"", a: datetime | None = None, de: str = ""
    ) -> None:
        suya, ultima = self.ultimos.get(origen, (0, CERO))
        posicion, codificada = posicion or suya, (hoja_ or ultima).hex()
        instante = f"{a or self.ahora:%Y-%m-%dT%H:%M:%SZ}"
        firmado = f"senda-cabecera-v1\n{origen}\n{posicion}\n{codificada}\n{instante}\n".encode()
        dicha = {"origen": origen, "posicion": posicion, "hash": codificada, "instante": instante}
        self.cabeceras.append(compacto(dicha | {"firma": b64url(clave(de or origen).sign(firmado))}).decode())

    def acceder(self, institucion: str = RECTORA) -> None:
        numero = len(self.accesos) + 1
        anterior = self.accesos[-1]["hoja"] if self.accesos else CERO.hex()
        campos = institucion, "todas", "supervision", f"{self.ahora:%Y-%m-%dT%H:%M:%S.%fZ}"
        fila = dict(zip(("numero", "institucion", "ruta", "motivo", "instante"), (numero, *campos), strict=True))
        hoja_ = sha256("\n".join([anterior, str(numero), *campos]).encode()).hexdigest()
        self.accesos.append({**fila, "hoja": hoja_})

    def sellar(
        self, *, instante: str = "", accesos: str = "", anterior: str | None = None, raiz_: bytes = b"",
        tamano: int | None = None, testigos: Sequence[str] = TESTIGOS,
    ) -> str:  # fmt: skip
        """Firma un punto de lo que hay, encadenado al anterior, y los testigos lo refrendan."""
        previo = self.puntos[-1].rpartition("\n\n")[0].encode() + b"\n" if self.puntos else b""
        ultimo = self.accesos[-1]["hoja"] if self.accesos else CERO.hex()
        extensiones = [
            f"instante {instante or f'{self.ahora:%Y-%m-%dT%H:%M:%S.%fZ}'}",
            f"anterior {anterior or b64(sha256(previo).digest() if previo else CERO)}",
            f"accesos {accesos or f'{len(self.accesos)} {b64(bytes.fromhex(ultimo))}'}",
        ]
        hojas = self.hojas
        self.punto = punto(len(hojas) if tamano is None else tamano, raiz_ or raiz(hojas), extensiones)
        self.puntos.append(self.punto)
        for testigo in testigos:
            self.punto = refrendar(self.punto, testigo)
        return self.punto

    def escribir(self, carpeta: Path, *, publico: bool = False) -> Path:
        niveles = teselas(self.hojas)
        for ruta, datos in niveles.items():
            poner(carpeta, ruta, datos)
        for desde in range(0, len(self.entradas), 256):
            if publico:
                break
            suyas = self.entradas[desde : desde + 256]
            poner(carpeta, ruta_de("entries", desde // 256, len(suyas)), empaquetar(suyas))
            causas = dict.fromkeys(c for c in self.causas[desde : desde + 256] if c in self.filas)
            lineas = b"".join(compacto(self.filas[c]) + b"\n" for c in causas)
            poner(carpeta, f"solicitudes/{desde // 256:03d}.jsonl", lineas)
        if not publico:
            poner(carpeta, "accesos.jsonl", b"".join(compacto(a) + b"\n" for a in self.accesos))
        poner(carpeta, "puntos.jsonl", b"".join(compacto(p) + b"\n" for p in self.puntos))
        poner(carpeta, "cabeceras.jsonl", "".join(f"{c}\n" for c in self.cabeceras).encode())
        poner(carpeta, "checkpoint", self.punto.encode())
        return carpeta


def empezado(hasta: int = 270, variante: str = "") -> Escribano:
    """Un libro sano con ``hasta`` entradas, sin sellar del todo: lo siguiente lo escribe la prueba."""
    return deepcopy(_empezado(hasta, variante))


@cache
def _empezado(hasta: int, variante: str) -> Escribano:
    libro = Escribano(variante)
    libro.inscribir_por_el_sistema(RECTORA)
    libro.inscribir(PNC)
    libro.inscribir(MP)
    libro.sellar()
    vuelta = 0
    while len(libro.entradas) < hasta:
        origen = (DETECCION, JUSTICIA, COORDINACION)[vuelta % 3]
        vuelta += 1
        if vuelta % 5 == 0:
            libro.hecho(origen)
        else:
            libro.pedir(
                origen, INSTITUCIONES[vuelta % 3], hechos=min(1 + (vuelta % 7 == 0), hasta - len(libro.entradas))
            )
        if vuelta % 60 == 0:
            libro.cabecera(origen)
            libro.acceder()
            libro.sellar()
    return libro


def cerrar(libro: Escribano) -> Escribano:
    """Cada origen firma hasta dónde llega y el libro, su último punto."""
    for origen in ORIGENES:
        libro.cabecera(origen)
    if libro.puntos[-1].split("\n")[1] != str(len(libro.entradas)):
        libro.sellar()
    libro.acceder(MP)  # después del último punto: aún no lo fija nadie, pero va encadenado
    return libro


def sano(cuantas: int = 600, variante: str = "") -> Escribano:
    return cerrar(empezado(cuantas, variante))


def prueba_de(libro: Escribano, ruta: str = "ruta-1", refrendados: Sequence[int] = ()) -> dict[str, bytes]:
    """Los miembros del zip de una ruta: sus hechos y los que inscriben instituciones."""
    hojas, filas, miembros = libro.hojas, {}, {"LEEME.txt": b"para personas", "punto": libro.punto.encode()}
    for indice, entrada in enumerate(libro.entradas):
        if f'"subject":"{ruta}"'.encode() not in entrada and b"institucion-inscrita" not in entrada:
            continue
        miembros[f"entradas/{indice}"] = entrada
        hermanos = "".join(f"{b64(h)}\n" for h in inclusion(indice, hojas))
        cabeza = f"c2sp.org/tlog-proof@v1\nindex {indice}\n{hermanos}\n"
        miembros[f"pruebas/{indice}.tlog-proof"] = cabeza.encode() + libro.punto.encode()
        if (causa := libro.causas[indice]) in libro.filas:
            filas[causa] = libro.filas[causa]
    for menor in refrendados:
        lineas = "".join(f"{b64(h)}\n" for h in consistencia(menor, hojas))
        miembros[f"consistencia/{menor}-{len(hojas)}"] = lineas.encode()
    miembros["solicitudes.jsonl"] = b"".join(compacto(f) + b"\n" for f in filas.values())
    return miembros


def empacar(archivo: Path, miembros: dict[str, bytes]) -> Path:
    with ZipFile(archivo, "w") as zip_:
        for nombre, datos in miembros.items():
            zip_.writestr(ZipInfo(nombre), datos)
    return archivo
