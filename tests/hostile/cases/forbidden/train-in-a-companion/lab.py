#right


from trainer import train
